//! What the board promises, whatever `DynamoDB` it runs on: the same cases on each there is. A case
//! goes through the real router, as a client does, and past it only to bring about what no client
//! can.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

mod board;
mod case;
mod changing;
mod emulators;
mod faults;
mod listing;
mod migrating;
mod posting;
mod store;

use std::process::ExitCode;

use case::Case;
use libtest_mimic::Arguments;
use testkit::databases::Databases;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Runtime::new().expect("a runtime");
    let databases = runtime
        .block_on(Databases::start())
        .expect("every database that was started answers");
    for database in databases.list() {
        if let Err(reason) = &database.endpoint {
            println!("skipped: {}: {reason}", database.name);
        }
    }
    let everywhere = [
        listing::cases(),
        posting::cases(),
        changing::cases(),
        store::cases(),
        migrating::cases(),
        emulators::cases(),
    ]
    .concat();
    // The proxy's faults are the same in front of any database.
    let once = faults::cases();
    let trials = databases
        .list()
        .iter()
        .enumerate()
        .flat_map(|(number, database)| {
            let client = runtime.block_on(case::client(database));
            let once = once.iter().filter(move |_| number == 0);
            let trial = |case: &Case| case.trial(database, client.clone(), runtime.handle());
            everywhere.iter().chain(once).map(trial).collect::<Vec<_>>()
        });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    runtime
        .block_on(databases.stop())
        .expect("the containers are removed");
    conclusion.exit_code()
}
