//! Says which commit, environment and schema a person looks at.

use leptos::prelude::*;

use crate::state::Board;

/// Digits of a commit that tell it from others.
const SHORT: usize = 10;

#[component]
pub(crate) fn Footer(board: Board) -> impl IntoView {
    let site = board.site.get_untracked();
    let schema = move || {
        let schema = board.site.with(|site| site.schema);
        schema.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
    };
    let short = site.commit.chars().take(SHORT).collect::<String>();
    view! {
        <footer data-commit=site.commit.clone() data-environment=site.environment.clone() data-schema=schema>
            <dl>
                <div><dt>"Environment"</dt><dd>{site.environment.clone()}</dd></div>
                <div><dt>"Commit"</dt><dd><code title=site.commit.clone()>{short}</code></dd></div>
                <div><dt>"Schema"</dt><dd>{schema}</dd></div>
            </dl>
        </footer>
    }
}
