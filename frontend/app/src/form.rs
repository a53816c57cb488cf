//! The form that posts a message; a plain HTML form before and without the script.

use api::text::{length, sanitize};
use api::{MAX_AUTHOR, MAX_TEXT, NewMessage};
use leptos::ev::SubmitEvent;
use leptos::html::{Input, Textarea};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::attempt::Attempt;
use crate::field::{Field, error_id};
use crate::server::post_message;
use crate::state::Board;
use crate::{BoardError, Draft};

/// A field counts UTF-16 units, the limits characters, which have up to two: a field that stops a
/// person at this many never stops what the backend takes.
const UNITS: usize = char::MAX.len_utf16();

/// The element that says how long the text is.
const COUNT: &str = "text-count";

/// The form as the script works it.
#[derive(Clone, Copy)]
struct Form {
    board: Board,
    author: NodeRef<Input>,
    text: NodeRef<Textarea>,
    /// Characters in the text.
    written: RwSignal<usize>,
    attempt: StoredValue<Attempt>,
    sending: RwSignal<bool>,
    refusal: RwSignal<Option<BoardError>>,
}

impl Form {
    /// Posts what is written, and shows it meanwhile.
    fn submit(self, event: &SubmitEvent) {
        // On a page of older messages the new one has no place: the browser sends the form, and
        // shows the newest.
        let (Some(author), Some(text), true) = (
            self.author.get_untracked(),
            self.text.get_untracked(),
            self.board.is_newest(),
        ) else {
            return;
        };
        event.prevent_default();
        if self.sending.get_untracked() {
            return;
        }
        let new = NewMessage {
            author: author.value(),
            text: text.value(),
        };
        let Some(key) = self.attempt.try_update_value(|attempt| attempt.key_for(&new)) else {
            return;
        };
        self.sending.set(true);
        self.refusal.set(None);
        self.board.feed.update(|feed| feed.send(key.clone(), new.clone()));
        text.set_value("");
        self.count();
        spawn_local(async move { self.post(key, new).await });
    }

    async fn post(self, key: String, new: NewMessage) {
        let posted = post_message(new.author, new.text.clone(), Some(key.clone())).await;
        self.sending.set(false);
        match posted {
            Ok(message) => {
                self.board.feed.update(|feed| feed.taken(&key, message));
                self.attempt.update_value(Attempt::key_is_used);
                self.board.news.set("Your message is posted.".to_owned());
            }
            Err(error) => {
                self.board.feed.update(|feed| feed.take_back(&key));
                if error == BoardError::AlreadySent {
                    self.attempt.update_value(Attempt::key_is_used);
                }
                self.restore(&new.text, &error);
                self.refusal.set(Some(error));
            }
        }
    }

    /// Leads back to what has to be changed; a character that is refused is seen by then.
    fn restore(self, text: &str, error: &BoardError) {
        if let Some(field) = self.text.get_untracked() {
            field.set_value(&sanitize(text));
            field.focus().ok();
            self.count();
        }
        if let (Some(field), Some(_)) = (self.author.get_untracked(), error.at_field("author")) {
            field.set_value(&sanitize(&field.value()));
            field.focus().ok();
        }
    }

    /// Counts what is written.
    fn count(self) {
        if let Some(field) = self.text.get_untracked() {
            self.written.set(length(&field.value()));
        }
    }

    fn problem(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.refusal
                .with(|refusal| refusal.as_ref().and_then(|error| error.at_field(name)))
        })
    }
}

#[component]
pub(crate) fn PostForm(board: Board, draft: Draft, refusal: Option<BoardError>) -> impl IntoView {
    let form = Form {
        board,
        author: NodeRef::new(),
        text: NodeRef::new(),
        written: RwSignal::new(length(&draft.text)),
        attempt: StoredValue::new(Attempt::new(draft.key.clone())),
        sending: RwSignal::new(false),
        refusal: RwSignal::new(refusal),
    };
    // A browser may have kept what was written before the page was loaded again.
    Effect::new(move || form.count());
    let (author, text) = (form.problem("author"), form.problem("text"));
    let elsewhere = move || {
        let error = form.refusal.get().filter(|error| !error.only_at_fields());
        error.map(|error| view! { <p class="error" role="alert">{error.to_string()}</p> })
    };
    view! {
        <section aria-labelledby="post">
            <h2 id="post">"Post a message"</h2>
            <form id="post-form" action="/form/post" method="post" on:submit=move |event| form.submit(&event)>
                <input type="hidden" name="key" value=draft.key/>
                <Field name="author" label="Your name" problem=author>
                    <input
                        id="author" name="author" required maxlength=(UNITS * MAX_AUTHOR).to_string()
                        autocomplete="name" value=draft.author node_ref=form.author
                        autofocus=author.get_untracked().is_some() aria-invalid=invalid(author)
                        aria-describedby=described(author, "author")
                    />
                </Field>
                <Field name="text" label="Message" problem=text>
                    <textarea
                        id="text" name="text" required maxlength=(UNITS * MAX_TEXT).to_string() rows="3"
                        node_ref=form.text readonly=move || form.sending.get() on:input=move |_| form.count()
                        autofocus=text.get_untracked().is_some() aria-invalid=invalid(text)
                        aria-describedby=move || described(text, "text")().or(Some(COUNT.to_owned()))
                    >
                        {inside_textarea(&draft.text)}
                    </textarea>
                    <p id=COUNT class="count" data-over=move || over(form.written.get())>
                        {move || counted(form.written.get())}
                    </p>
                </Field>
                {elsewhere}
                <button type="submit" aria-disabled=move || form.sending.get().then_some("true")>"Post"</button>
            </form>
        </section>
    }
}

/// How much of the limit is used, in words.
fn counted(written: usize) -> String {
    if written == 0 {
        format!("At most {MAX_TEXT} characters.")
    } else {
        format!("{written} of {MAX_TEXT} characters.")
    }
}

fn over(written: usize) -> Option<&'static str> {
    (written > MAX_TEXT).then_some("")
}

fn invalid(problem: Signal<Option<String>>) -> impl Fn() -> Option<&'static str> + Clone {
    move || problem.with(Option::is_some).then_some("true")
}

fn described(problem: Signal<Option<String>>, name: &'static str) -> impl Fn() -> Option<String> + Clone {
    move || problem.with(Option::is_some).then(|| error_id(name))
}

/// The text as HTML: what leptos writes into a textarea is not escaped. The line break before it is
/// dropped by the browser, and only one is.
fn inside_textarea(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

#[cfg(test)]
mod tests {
    use super::inside_textarea;

    #[test]
    fn a_text_cannot_leave_its_field() {
        assert_eq!(inside_textarea("</textarea> &lt;"), "\n&lt;/textarea> &amp;lt;");
    }
}
