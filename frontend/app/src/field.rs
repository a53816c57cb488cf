//! A field of a form: its label, and below it what is wrong with it.

use leptos::prelude::*;

/// `children` is the control; its `id` is `name`, and it names [`error_id`] as its description
/// while there is a problem.
#[component]
pub(crate) fn Field(
    name: &'static str,
    label: &'static str,
    problem: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    let error = move |problem| view! { <p id=error_id(name) class="error" role="alert">{problem}</p> };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {children()}
            {move || problem.get().map(error)}
        </div>
    }
}

/// The element that says what is wrong with the field `name`.
pub(crate) fn error_id(name: &str) -> String {
    format!("{name}-error")
}
