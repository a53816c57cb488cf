//! What is asked of whom: the requests, their load, and who answers them.

/// One kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Request {
    /// The newest twenty messages, as JSON.
    List,
    /// One new message.
    Post,
    /// The page that shows the newest messages.
    Page,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Contender {
    /// The emulator itself, called by the backend's SDK: nothing can be faster.
    Emulator,
    /// This repository: backend, or frontend for pages.
    Ours,
    /// The Go peer.
    Go,
}

impl Contender {
    /// As people read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Emulator => "emulator",
            Self::Ours => "this",
            Self::Go => "Go",
        }
    }
}

/// A request, and over how many connections it is sent.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Workload {
    pub(crate) request: Request,
    pub(crate) connections: usize,
}

/// One connection shows what a request costs, many show how much fits.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        request: Request::List,
        connections: 1,
    },
    Workload {
        request: Request::Post,
        connections: 1,
    },
    Workload {
        request: Request::List,
        connections: 32,
    },
    Workload {
        request: Request::Post,
        connections: 32,
    },
    Workload {
        request: Request::Page,
        connections: 16,
    },
];

impl Workload {
    /// Everyone who can answer it.
    pub(crate) fn contenders(self) -> &'static [Contender] {
        match self.request {
            Request::Page => &[Contender::Ours, Contender::Go],
            _ => &[Contender::Emulator, Contender::Ours, Contender::Go],
        }
    }

    /// As people read it.
    pub(crate) fn name(self) -> String {
        let request = match self.request {
            Request::List => "list",
            Request::Post => "post",
            Request::Page => "page",
        };
        format!("{request}, {} at once", self.connections)
    }
}
