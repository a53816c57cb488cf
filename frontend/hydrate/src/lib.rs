//! The browser's entry point: makes the page that the server sent come alive. Nothing else.

/// Called by the script that loads the page's WebAssembly.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    // Not reached where the document is not the page that the script knows: that is a panic, and
    // this build ends by it.
    app::mark_hydrated();
}
