//! How fast a backfill goes through very many messages, beside plain writes of the same messages
//! to the same emulator in the same run.

mod backfill;
mod messages;
mod page;
mod tenths;

use std::path::PathBuf;

use anyhow::{Context, Result};
use testkit::databases::Databases;

use self::messages::Form;
use self::tenths::Tenths;

const TABLE: &str = "messages-migration";

/// Settings of `bench migration`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder with what the images contain, as `cargo xtask build` writes it
    #[arg(long)]
    dist: PathBuf,
    /// Where `migration.json` and `migration.md` go
    #[arg(long)]
    out: PathBuf,
    /// Messages in the table
    #[arg(long, value_parser = clap::value_parser!(u32).range(1000..=10_000_000))]
    messages: u32,
    /// `dynamodb-local`, `localstack` or `embedded`
    #[arg(long)]
    database: String,
}

/// Messages a second, each way of writing them tenth by tenth of the way.
#[derive(Debug, serde::Serialize)]
struct Measured {
    database: String,
    messages: u32,
    /// Into an empty table, in the form that the backfill changes.
    filled: Tenths,
    /// `backend migrate`: each message read, and written on condition that nobody changed it.
    migrated: Tenths,
    /// All again in their new form, as many to a request as it takes.
    batches: Tenths,
    /// The first tenth of them once more, one to a request.
    single: f64,
}

/// Measures, and writes the figures as JSON and as a page.
pub(crate) async fn run(args: Args) -> Result<()> {
    let databases = Databases::start().await?;
    let measured = measure(&args, &databases).await;
    databases.stop().await?;
    page::write(&args.out, &measured?)
}

async fn measure(args: &Args, databases: &Databases) -> Result<Measured> {
    let known = databases.list();
    let database = known.iter().find(|database| database.name == args.database);
    let names = || known.iter().map(|database| database.name).collect::<Vec<_>>();
    let database =
        database.with_context(|| format!("{} is none of {}", args.database, names().join(", ")))?;
    let endpoint = database
        .endpoint
        .as_ref()
        .map_err(|reason| anyhow::anyhow!("{} cannot be started: {reason}", database.name))?;
    let client = testkit::client(endpoint).await;
    testkit::table::create(&client, TABLE).await?;
    println!("write {} messages to {}", args.messages, database.name);
    let filled = messages::write(&client, args.messages, Form::Old).await?;
    println!("migrate them");
    let migrated = backfill::run(&args.dist, endpoint, args.messages).await?;
    println!("write them in their new form");
    let batches = messages::write(&client, args.messages, Form::New).await?;
    println!("write a tenth of them one by one");
    let single = messages::write_one_by_one(&client, args.messages / 10).await?;
    Ok(Measured {
        database: database.name.to_owned(),
        messages: args.messages,
        filled,
        migrated,
        batches,
        single,
    })
}
