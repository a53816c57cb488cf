//! Says which commit and which environment a person looks at.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Where this page comes from; the server provides it as context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Commit the frontend was built from.
    pub commit: String,
    /// Environment it runs in, as `staging`.
    pub environment: String,
}

#[component]
pub(crate) fn Footer() -> impl IntoView {
    // The browser takes what the server wrote into the page: its own code knows neither.
    let Site { commit, environment } =
        SharedValue::new(|| use_context::<Site>().unwrap_or_default()).into_inner();
    view! {
        <footer data-commit=commit.clone() data-environment=environment.clone()>
            <span>{environment.clone()}</span>
            " at commit "
            <code>{commit.clone()}</code>
        </footer>
    }
}
