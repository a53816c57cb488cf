//! The figures of the docs: requests per second beside each other, as a share of the Go peer's.

use std::path::Path;

use anyhow::{Context, Result};
use plotters::prelude::*;

use crate::claims::Measured;
use crate::workload::{Contender, WORKLOADS};

const SIZE: (u32, u32) = (760, 320);
/// Readable on light and on dark paper.
const INK: RGBColor = RGBColor(110, 118, 129);

/// Draws to `path`.
pub(crate) fn write(path: &Path, measured: &Measured) -> Result<()> {
    draw(path, &bars(measured)).with_context(|| format!("draw {}", path.display()))?;
    println!("written: {}", path.display());
    Ok(())
}

struct Bar {
    label: String,
    share: f64,
    colour: RGBColor,
}

fn bars(measured: &Measured) -> Vec<Bar> {
    let mut bars = Vec::new();
    for workload in WORKLOADS {
        let against_go = |contender| {
            measured.rounds.compared(
                *workload,
                [contender, Contender::Go],
                |sample| sample.per_second,
                |one, go| one / go,
            )
        };
        for contender in [Contender::Ours, Contender::Go] {
            bars.push(Bar {
                label: format!("{}: {}", workload.name(), contender.name()),
                share: against_go(contender).median,
                colour: if contender == Contender::Ours {
                    RGBColor(9, 105, 218)
                } else {
                    RGBColor(140, 149, 159)
                },
            });
        }
    }
    bars
}

fn draw(path: &Path, bars: &[Bar]) -> Result<()> {
    let fault = |error: DrawingAreaErrorKind<_>| anyhow::anyhow!("{error}");
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    let most = bars.iter().map(|bar| bar.share).fold(1.0, f64::max);
    let (wide, high) = (i32::try_from(SIZE.0)?, i32::try_from(SIZE.1)?);
    let (left, row) = (300, (high - 40) / i32::try_from(bars.len())?);
    area.draw_text(
        "Requests per second, as a share of the Go peer's in the same round (median)",
        &("sans-serif", 15).into_font().color(&INK),
        (8, 8),
    )
    .map_err(fault)?;
    for (bar, index) in bars.iter().zip(0_i32..) {
        let top = 34 + index * row;
        #[expect(clippy::cast_possible_truncation, reason = "a length in pixels")]
        let length = (f64::from(wide - left - 60) * bar.share / most) as i32;
        area.draw_text(
            &bar.label,
            &("sans-serif", 13).into_font().color(&INK),
            (8, top + 4),
        )
        .map_err(fault)?;
        area.draw(&Rectangle::new(
            [(left, top), (left + length, top + row - 5)],
            bar.colour.filled(),
        ))
        .map_err(fault)?;
        area.draw_text(
            &format!("{:.2}", bar.share),
            &("sans-serif", 13).into_font().color(&INK),
            (left + length + 6, top + 4),
        )
        .map_err(fault)?;
    }
    area.present().map_err(fault)
}
