//! The browser's entry point: makes the page that the server sent come alive. Nothing else.

/// Called by the script that loads the page's WebAssembly.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
