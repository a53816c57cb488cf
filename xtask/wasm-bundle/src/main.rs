//! `wasm-bundle INPUT.wasm OUT_DIR NAME`: writes `NAME.js` and `NAME_bg.wasm` for a browser.
//!
//! A program of its own, not a part of xtask: it is needed only where the frontend is built, and costs more to compile
//! than all of xtask.

use std::env::args_os;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut args = args_os().skip(1);
    let mut next = |what: &str| args.next().with_context(|| format!("argument {what} is missing"));
    let (input, out_dir, name) = (next("INPUT")?, next("OUT_DIR")?, next("NAME")?);
    let name = name.into_string().ok().context("NAME is not valid UTF-8")?;
    Bindgen::new()
        .input_path(PathBuf::from(input))
        .out_name(&name)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(PathBuf::from(out_dir))
        .context("bind the wasm to JavaScript")
}
