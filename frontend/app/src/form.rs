//! The form that posts a message; a plain HTML form before and without the script.

use api::{MAX_AUTHOR, MAX_TEXT};
use leptos::form::ActionForm;
use leptos::html::Textarea;
use leptos::prelude::*;

use crate::server::PostMessage;

#[component]
pub(crate) fn PostForm(post: ServerAction<PostMessage>) -> impl IntoView {
    let text = NodeRef::<Textarea>::new();
    let refusal = move || post.value().get().and_then(Result::err);
    // Only what was posted is cleared: after an error the text is still there.
    Effect::new(move || {
        if let (Some(Ok(())), Some(text)) = (post.value().get(), text.get()) {
            text.set_value("");
        }
    });
    view! {
        <section aria-labelledby="post">
            <h2 id="post">"Post a message"</h2>
            {move || refusal().map(|error| view! { <p class="error" role="alert">{error.to_string()}</p> })}
            <ActionForm action=post>
                <label for="author">"Your name"</label>
                <input id="author" name="author" required maxlength=MAX_AUTHOR.to_string() autocomplete="name"/>
                <label for="text">"Message"</label>
                <textarea id="text" name="text" required maxlength=MAX_TEXT.to_string() rows="3" node_ref=text></textarea>
                <button type="submit" prop:disabled=move || post.pending().get()>"Post"</button>
            </ActionForm>
        </section>
    }
}
