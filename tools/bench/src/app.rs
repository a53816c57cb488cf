//! What is measured, and in which order.
//!
//! All contenders of a workload run in every round, each round beginning with another one: what the
//! machine does beside it then hits all of them.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::claims::{self, Measured};
use crate::database::Database;
use crate::load::{Load, Sample};
use crate::sdk::Sdk;
use crate::server::{self, Places, Server};
use crate::stats::Rounds;
use crate::workload::{Contender, Request, WORKLOADS, Workload};
use crate::{chart, report};

/// Enough to be stable in the middle, few enough to end soon.
const STARTS: usize = 15;
/// A board of some size: pages are full and the index has more than one of them.
const SEEDED: usize = 500;

/// Settings of `bench app`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    places: Places,
    /// How often each pair is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Seconds of load for each contender and round
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

/// Everything that runs while it is measured; ends with this value.
struct Field {
    sdk: Sdk,
    backend: Server,
    frontend: Server,
    go_api: Server,
    go_page: Server,
    database: Database,
}

/// Measures, prints a table, and writes it as JSON, as a page and as a chart.
pub(crate) async fn run(args: Args) -> Result<()> {
    let field = Field::set_up(&args).await?;
    println!("{} rounds of {} s each", args.rounds, args.seconds);
    let mut rounds = Rounds::default();
    for round in 0..args.rounds as usize {
        for workload in WORKLOADS {
            let contenders = workload.contenders();
            for turn in 0..contenders.len() {
                let contender = contenders[(round + turn) % contenders.len()];
                let sample = field
                    .measure(*workload, contender, Duration::from_secs(args.seconds))
                    .await
                    .with_context(|| format!("{}: {contender:?}", workload.name()))?;
                rounds.add(*workload, contender, sample);
            }
        }
        println!("round {} of {} done", round + 1, args.rounds);
    }
    let database = &field.database;
    let measured = Measured {
        rounds,
        loaded_mib: [field.backend.resident_mib()?, field.go_api.resident_mib()?],
        ours: server::starts(STARTS, || server::backend(&args.places, database)).await?,
        go: server::starts(STARTS, || server::go_api(&args.places, database)).await?,
        sizes: claims::sizes(&args.places.dist)?,
    };
    let claims = claims::all(&measured);
    report::print(&measured, &claims);
    report::write(&args.places.out.join("app.json"), &measured, &claims)?;
    report::write_page(
        &args.places.out.join("app.md"),
        args.rounds,
        args.seconds,
        &claims,
    )?;
    chart::write(&args.places.out.join("app.svg"), &measured)
}

impl Field {
    async fn set_up(args: &Args) -> Result<Self> {
        let database = Database::start().await?;
        server::migrate(&args.places, &database).await?;
        let sdk = Sdk::of(&database).await;
        sdk.seed(SEEDED).await?;
        let backend = server::backend(&args.places, &database)?.ready().await?;
        Ok(Self {
            frontend: server::frontend(&args.places, &backend)?.ready().await?,
            go_page: server::go_page(&args.places, &backend)?.ready().await?,
            go_api: server::go_api(&args.places, &database)?.ready().await?,
            sdk,
            backend,
            database,
        })
    }

    async fn measure(&self, workload: Workload, contender: Contender, length: Duration) -> Result<Sample> {
        let load = Load { workload, length };
        match (contender, workload.request) {
            (Contender::Emulator, _) => self.sdk.under(load).await,
            (Contender::Ours, Request::Page) => load.on(&self.frontend.url("/")).await,
            (Contender::Go, Request::Page) => load.on(&self.go_page.url("/")).await,
            (Contender::Ours, _) => load.on(&self.backend.url(board_api::MESSAGES)).await,
            (Contender::Go, _) => load.on(&self.go_api.url(board_api::MESSAGES)).await,
        }
    }
}
