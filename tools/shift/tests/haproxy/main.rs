//! `cargo xtask shift` on a real `HAProxy` with two servers behind it, under load.
//!
//! All traffic stays on loopback, and its length and rate are bounded.

mod load;
mod server;
mod world;

use std::time::Duration;

use self::load::Load;
use self::server::Mode;
use self::world::{Ended, World};

const RATE: u64 = 80;

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// That a shift failed for this reason, and that the traffic is where it was.
fn is_back(world: &World, ended: &Ended, reason: &str) {
    assert!(!ended.well, "{}", ended.said);
    assert!(ended.said.contains(reason), "{}", ended.said);
    assert!(
        ended.said.contains("where it was before: blue 100, green 0"),
        "{}",
        ended.said
    );
    assert_eq!(world.weights(), (100, 0));
}

#[test]
fn a_good_cluster_gets_everything_and_no_request_fails() {
    let world = World::new();
    let load = Load::start(&world.address, RATE);
    let ended = world
        .shift(&["--steps", "5,25,50,100", "--hold", "2s"])
        .wait(seconds(60));
    assert!(ended.well, "{}", ended.said);
    assert_eq!(world.weights(), (0, 100));
    let seen = load.end();
    println!("good: {seen}, {:.1} s", ended.took.as_secs_f64());
    assert_eq!(seen.bad, 0, "{seen}");
    assert!(seen.all >= 60 * ended.took.as_secs(), "{seen}");
    assert!(ended.said.contains("blue 75, green 25"), "{}", ended.said);
}

#[test]
fn each_shift_that_the_page_names_works_in_the_order_of_the_page() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CLUSTERS.md");
    let page = std::fs::read_to_string(page).expect("read the page");
    let spans = page.split('`');
    let named = spans.filter_map(|span| span.strip_prefix("cargo xtask shift "));
    let named: Vec<Vec<_>> = named.map(|named| named.split_whitespace().collect()).collect();
    assert!(named.len() > 3, "{named:?}");
    let world = World::new();
    let load = Load::start(&world.address, RATE);
    for named in named {
        // Whoever follows the page has more time.
        let quick: &[&str] = match &*named {
            ["status"] => &[],
            _ => &["--steps", "50,100", "--hold", "1s"],
        };
        let ended = world.run(&[&named[..], quick].concat()).wait(seconds(30));
        assert!(ended.well, "{named:?}: {}", ended.said);
    }
    assert_eq!(load.end().bad, 0);
    // The way back comes last.
    assert_eq!(world.weights(), (100, 0));
}

#[test]
fn a_bad_one_is_out_before_many_have_seen_it() {
    let world = World::new();
    world.green.set(Mode::Fails(30));
    let load = Load::start(&world.address, 60);
    let ended = world.shift(&[]).wait(seconds(90));
    let seen = load.end();
    is_back(&world, &ended, "green does badly");
    let out = seen.after_first_bad(ended.at);
    println!("30 % errors: {seen}, out after {:.1} s", out.as_secs_f64());
    assert!(out <= seconds(30), "{seen}: {out:?}");
    assert!(seen.bad * 100 <= seen.all, "{seen}");
}

#[test]
fn one_that_hangs_is_out_though_it_never_fails() {
    let world = World::new();
    world.green.set(Mode::Hangs);
    let load = Load::start(&world.address, 60);
    let ended = world.shift(&[]).wait(seconds(90));
    let seen = load.end();
    is_back(&world, &ended, "were not answered in time");
    let out = seen.after_first_bad(ended.at);
    println!("hangs: {seen}, out after {:.1} s", out.as_secs_f64());
    assert!(out <= seconds(30), "{seen}: {out:?}");
    assert!(seen.bad * 100 <= seen.all, "{seen}");
}

#[test]
fn one_that_dies_with_half_of_the_traffic_is_out_at_once() {
    let world = World::new();
    let load = Load::start(&world.address, RATE);
    let running = world.shift(&["--steps", "50,100", "--hold", "5s"]);
    world.await_weights((50, 50));
    std::thread::sleep(seconds(1));
    world.green.set(Mode::Dead);
    let ended = running.wait(seconds(30));
    let seen = load.end();
    is_back(&world, &ended, "green does badly");
    println!(
        "dies at 50 %: {seen}, out after {:.1} s",
        seen.after_first_bad(ended.at).as_secs_f64()
    );
    assert!(seen.after_first_bad(ended.at) <= seconds(5), "{seen}");
}

#[test]
fn one_that_is_not_ready_gets_no_request() {
    let world = World::new();
    world.green.set(Mode::NotReady);
    let ended = world.shift(&[]).wait(seconds(20));
    is_back(&world, &ended, "503 schema 2 is needed");
    assert_eq!(world.green.requests(), 0);
    let rehearsed = world.shift(&["--dry-run"]).wait(seconds(20));
    assert!(
        !rehearsed.well && rehearsed.said.contains("would set blue 0, green 100"),
        "{}",
        rehearsed.said
    );
}

#[test]
fn a_balancer_that_is_restarted_in_the_middle_is_named_and_has_its_first_weights() {
    let mut world = World::new();
    let load = Load::start(&world.address, RATE);
    let running = world.shift(&["--steps", "50,100", "--hold", "20s"]);
    world.await_weights((50, 50));
    world.restart();
    let ended = running.wait(seconds(30));
    drop(load);
    is_back(&world, &ended, "forgotten the weights");
}

#[test]
fn of_two_operators_one_moves_and_the_other_is_told_who() {
    let world = World::new();
    let load = Load::start(&world.address, RATE);
    let arguments = ["--steps", "50,100", "--hold", "1s"];
    let both = [world.shift(&arguments), world.shift(&arguments)];
    let ended = both.map(|running| running.wait(seconds(30)));
    let seen = load.end();
    let well = ended.iter().filter(|ended| ended.well).count();
    assert_eq!(well, 1, "{}\n{}", ended[0].said, ended[1].said);
    let refused = ended.iter().find(|ended| !ended.well).expect("one was refused");
    assert!(
        refused.said.contains("moves the traffic to green"),
        "{}",
        refused.said
    );
    assert_eq!(world.weights(), (0, 100));
    assert_eq!(seen.bad, 0, "{seen}");
}

#[test]
fn one_that_was_killed_is_gone_on_with_and_still_knows_where_it_began() {
    let world = World::new();
    let load = Load::start(&world.address, RATE);
    let running = world.shift(&["--steps", "50,100", "--hold", "20s"]);
    world.await_weights((50, 50));
    running.kill();
    let arguments = ["--steps", "50,100", "--hold", "1s"];
    let early = world.shift(&arguments).wait(seconds(20));
    assert!(
        !early.well && early.said.contains("wait for its end"),
        "{}",
        early.said
    );
    assert_eq!(world.weights(), (50, 50));
    // The claim of the killed one ends by itself.
    std::thread::sleep(seconds(15));
    world.green.set(Mode::Fails(50));
    let ended = world.shift(&arguments).wait(seconds(30));
    assert!(
        ended
            .said
            .contains("goes on with a shift that began at blue 100, green 0"),
        "{}",
        ended.said
    );
    is_back(&world, &ended, "green does badly");
    drop(load);
}

#[test]
fn whoever_is_asked_to_end_takes_the_traffic_back_first() {
    let world = World::new();
    let load = Load::start(&world.address, RATE);
    let running = world.shift(&["--steps", "50,100", "--hold", "20s"]);
    world.await_weights((50, 50));
    running.signal("TERM");
    let ended = running.wait(seconds(10));
    let seen = load.end();
    is_back(&world, &ended, "it was asked to stop");
    assert_eq!(seen.bad, 0, "{seen}");
    let status = world.status();
    assert!(
        status.contains("green: 0 %") && status.contains("ready"),
        "{status}"
    );
}

#[test]
fn whoever_loses_the_terminal_has_the_traffic_back_too() {
    let world = World::new();
    let load = Load::start(&world.address, RATE);
    // Nobody reads what it says.
    let running = world.unread_shift(&["--steps", "20,50,100", "--hold", "2s"]);
    world.await_weights((50, 50));
    running.signal("HUP");
    world.await_weights((100, 0));
    assert_eq!(load.end().bad, 0);
}
