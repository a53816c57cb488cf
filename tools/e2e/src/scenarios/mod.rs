//! The scenarios, one per file, in the order they run. Each states what must hold from outside: an
//! HTTP response, a displayed commit, a time.

pub(crate) mod addons; // wing: addons
pub(crate) mod apps;
mod backend_release;
pub(crate) mod clusters;
pub(crate) mod deliveries;
mod detour;
pub(crate) mod failures;
mod held_back;
mod lost_cluster;
pub(crate) mod main;
pub(crate) mod migration_job;
mod objects;
mod older_table;
mod overlays;
mod paused;
pub(crate) mod pods;
pub(crate) mod posture;
pub(crate) mod previews; // wing: previews
pub(crate) mod promotion; // wing: verifier
mod refused;
mod release;
mod undo;
pub(crate) mod versions; // wing: versions
mod workloads;

use crate::scenario::Scenario;

/// Scenarios that run at the same time: the first uses staging only, the second production only.
/// Each mostly waits, and neither depends on anything that the other one breaks.
pub(crate) static AT_ONCE: &[[&str; 2]] = &[
    ["argocd-killed", "process-killed"],
    ["dynamodb-unreachable", "pod-killed"],
];

/// All scenarios. `main` comes first: it needs a loop that has released nothing but HEAD.
pub(crate) static ALL: &[Scenario] = &[
    main::first_sync::SCENARIO,
    main::page_change::SCENARIO,
    main::promotion::SCENARIO,
    main::migration::SCENARIO,
    main::quiet_bumps::SCENARIO,
    failures::rollout::SCENARIO,
    failures::image_crashes::SCENARIO,
    failures::image_never_ready::SCENARIO,
    failures::image_missing::SCENARIO,
    failures::bad_manifest::SCENARIO,
    failures::unknown_kind::SCENARIO,
    failures::drift::SCENARIO,
    failures::migration_fails::SCENARIO,
    failures::migration_hangs::SCENARIO,
    failures::migration_image::SCENARIO,
    failures::migration_killed::SCENARIO,
    failures::migrations_at_once::SCENARIO,
    failures::migration_skipped::SCENARIO,
    failures::new_migration::SCENARIO,
    failures::prune::SCENARIO,
    failures::argocd_killed::SCENARIO,
    failures::forge_down::SCENARIO,
    failures::rollback::SCENARIO,
    failures::two_developers::SCENARIO,
    failures::identities::SCENARIO,
    failures::dynamodb::UNREACHABLE,
    failures::dynamodb::THROTTLED,
    failures::kills::PODS,
    failures::kills::PROCESSES,
    failures::drain::SCENARIO,
    failures::rebuild::SCENARIO,
    failures::lost_events::MERGED_TWICE,
    failures::lost_events::OUT_OF_ORDER,
    failures::lost_events::MERGED_TWICE_OFTEN,
    failures::lost_events::WEBHOOK_LOST,
    apps::new_app::SCENARIO,
    apps::many_apps::SCENARIO,
    clusters::joins::SCENARIO,
    clusters::leaves::SCENARIO,
    clusters::label_lost::SCENARIO,
    clusters::list_fails::SCENARIO,
    clusters::back::SCENARIO,
    clusters::hub_restarted::SCENARIO,
    clusters::replaced::SCENARIO,
    clusters::bad::SCENARIO,
    clusters::hub_swapped::SCENARIO,
    clusters::hub_lost::SCENARIO,
    clusters::rights::SCENARIO,
    clusters::leader_stopped::SCENARIO,
    clusters::login::SCENARIO,
    // wing: addons
    addons::scaling::SCENARIO,
    addons::metrics_away::SCENARIO,
    addons::notices::SCENARIO,
    addons::notices::AWAY_SCENARIO,
    addons::shared_volume::SCENARIO,
    addons::turned_off::SCENARIO,
    addons::names::SCENARIO,
    addons::names::DENIED,
    addons::ingress::SCENARIO,
    // end of wing
    // wing: addons, verifier
    addons::secrets::SCENARIO,
    addons::secrets::DENIED,
    // end of wing
    addons::memory::SCENARIO, // wing: addons
    // wing: addons, verifier
    addons::secrets::OFF,
    // end of wing
    // wing: addons
    addons::names::OFF,
    addons::notices::OFF,
    addons::canary::good::SCENARIO,
    addons::canary::bad::SCENARIO,
    addons::canary::few::SCENARIO,
    addons::canary::away::SCENARIO,
    addons::canary::off::SCENARIO,
    // end of wing
    posture::pods::SCENARIO,
    posture::network::SCENARIO,
    posture::argocd::SCENARIO,
    posture::project::SCENARIO,
    posture::webhook::SCENARIO,
    posture::admission::SCENARIO,
    posture::secrets::SCENARIO,
    posture::reproduction::SCENARIO,
    // wing: verifier
    promotion::verified_first::SCENARIO,
    promotion::fails_its_soak::SCENARIO,
    promotion::fails_its_check::SCENARIO,
    promotion::overtaken::SCENARIO,
    promotion::taken_back::SCENARIO,
    // end of wing
    // wing: previews
    previews::opened::SCENARIO,
    previews::old::SCENARIO,
    previews::orphan::SCENARIO,
    previews::many::SCENARIO,
    // end of wing
    versions::SCENARIO, // wing: versions
];
