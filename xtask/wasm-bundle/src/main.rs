//! `wasm-bundle INPUT.wasm OUT_DIR NAME [--compress]`: writes `NAME.js` and `NAME_bg.wasm` for a
//! browser; with `--compress` each beside its `.br`, as small as it gets.
//!
//! A program of its own, not a part of xtask: it is needed only where the frontend is built, and
//! costs more to compile than all of xtask.

use std::env::args_os;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use brotli::enc::BrotliEncoderParams;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut args = args_os().skip(1);
    let mut next = |what: &str| args.next().with_context(|| format!("argument {what} is missing"));
    let (input, out_dir, name) = (next("INPUT")?, next("OUT_DIR")?, next("NAME")?);
    let name = name.into_string().ok().context("NAME is not valid UTF-8")?;
    let out_dir = PathBuf::from(out_dir);
    let compressed = match args.next() {
        None => false,
        Some(flag) if flag == "--compress" => true,
        Some(other) => bail!("unknown argument {}", other.display()),
    };
    Bindgen::new()
        .input_path(PathBuf::from(input))
        .out_name(&name)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&out_dir)
        .context("bind the wasm to JavaScript")?;
    if compressed {
        compress(&out_dir.join(format!("{name}.js")))?;
        compress(&out_dir.join(format!("{name}_bg.wasm")))?;
    }
    Ok(())
}

/// Writes `file.br` beside `file`; the best quality and the largest window are brotli's defaults.
fn compress(file: &Path) -> Result<()> {
    let mut target = file.as_os_str().to_owned();
    target.push(".br");
    let content = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let params = BrotliEncoderParams {
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut output = File::create(&target).with_context(|| format!("create {}", target.display()))?;
    brotli::BrotliCompress(&mut content.as_slice(), &mut output, &params)
        .with_context(|| format!("compress {}", file.display()))?;
    Ok(())
}
