//! What each kind of forge is asked. GitLab's part is Git's own; the others' requests are recorded
//! on this machine.

mod codecommit;
mod github_api;
mod gitlab;
mod listing;
mod paged;
mod statuses;

use crate::ci::forge::Proposal;

fn proposal() -> Proposal {
    Proposal {
        branch: "release/staging-0123456789".to_owned(),
        base: "master".to_owned(),
        title: "Release backend to staging (0123456789)".to_owned(),
        text: "Images.\n\n- backend\n".to_owned(),
    }
}
