//! Writes the `OpenAPI` document to standard output, as `cargo xtask openapi` keeps it in
//! `crates/api/openapi.json`.

fn main() {
    print!("{}", backend::openapi::document());
}
