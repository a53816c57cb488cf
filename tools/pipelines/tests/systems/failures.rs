//! Somebody refuses, or is not there: the run fails, its log says why and what to do, nothing
//! half-done is in Git, and a run once more, when the fault is gone, passes.

use std::net::TcpListener;

use pipelines::System;

use crate::fixture::{ROLE_OF_THE_BUILD, Site};
use crate::runs::{SYSTEMS, expected};
use crate::source::Source;
use crate::stand_ins::{StandIns, TOKEN};

/// Runs and expects a failure before the last job (on CodeBuild: phase), whose reason is in the log
/// and which leaves nothing behind.
async fn fails(site: &Site, stand_ins: &StandIns, system: System, reasons: &[&str]) {
    let outcome = site.run().await;
    let said = site.said();
    assert!(outcome.failure.is_some(), "{system:?}:\n{said}");
    let all = expected(system).len();
    assert!(outcome.ran.len() < all, "{system:?}: {:?}", outcome.ran);
    for reason in reasons {
        assert!(
            said.contains(reason),
            "{system:?} does not say `{reason}`:\n{said}"
        );
    }
    assert_eq!(site.branches(), [site.main.as_str()], "{system:?}");
    assert!(stand_ins.pull_requests().is_empty(), "{system:?}");
}

async fn passes(site: &Site, source: &Source, system: System) {
    let outcome = site.run().await;
    assert_eq!(outcome.failure, None, "{system:?}:\n{}", site.said());
    let branch = format!("release/staging-{}", &source.commit[..10]);
    assert_eq!(
        site.branches(),
        [site.main.as_str(), branch.as_str()],
        "{system:?}"
    );
}

/// An address on this machine where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

#[tokio::test]
async fn a_protected_branch_is_named_in_the_log() {
    let source = Source::of_work_tree();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        let site = Site::new(system, &source, &stand_ins);
        site.refuse_pushes(Some("these branches are for owners"));
        let reasons = ["refuses to change the branch", "these branches are for owners"];
        fails(&site, &stand_ins, system, &reasons).await;
        site.refuse_pushes(None);
        passes(&site, &source, system).await;
    }
}

#[tokio::test]
async fn a_registry_that_is_down_is_named_in_the_log() {
    let source = Source::of_work_tree();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        let mut site = Site::new(system, &source, &stand_ins);
        let address = format!("{}/gitops-loop", nobody());
        let there = site
            .project
            .settings
            .insert("IMAGE_REGISTRY".to_owned(), address.clone())
            .expect("there is a registry");
        let reasons = ["the registry does not answer", "run the verb again when it does"];
        fails(&site, &stand_ins, system, &reasons).await;
        site.project.settings.insert("IMAGE_REGISTRY".to_owned(), there);
        passes(&site, &source, system).await;
    }
}

/// GitLab has no API to be down: its proposals are pushes.
#[tokio::test]
async fn a_forge_that_refuses_or_is_down_is_named_in_the_log() {
    let source = Source::of_work_tree();
    for system in [System::Codebuild, System::Github] {
        let stand_ins = StandIns::start().await;
        let mut site = Site::new(system, &source, &stand_ins);
        site.project
            .settings
            .insert("FORGE_API".to_owned(), format!("http://{}", nobody()));
        fails(&site, &stand_ins, system, &["the forge cannot be reached"]).await;
        let api = format!("http://{}", stand_ins.address);
        site.project.settings.insert("FORGE_API".to_owned(), api);
        site.project
            .secrets
            .insert("FORGE_TOKEN".to_owned(), "of-somebody-else".to_owned());
        fails(
            &site,
            &stand_ins,
            system,
            &["the forge refuses", "check FORGE_TOKEN"],
        )
        .await;
        site.project
            .secrets
            .insert("FORGE_TOKEN".to_owned(), TOKEN.to_owned());
        passes(&site, &source, system).await;
    }
}

/// Why a run gets no password of the registry, in the words of who refused.
fn refusal(system: System) -> &'static str {
    match system {
        System::Codebuild => "Unable to locate credentials",
        System::Github => "error: 401",
        System::Gitlab => "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    }
}

/// Lets the next run into no registry.
fn take_credentials(site: &mut Site) {
    site.project.machine.remove(ROLE_OF_THE_BUILD);
    let other = "of-somebody-else".to_owned();
    let token = "ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned();
    site.project.machine.insert(token, other.clone());
    site.project.secrets.insert("AWS_ID_TOKEN".to_owned(), other);
}

#[tokio::test]
async fn a_run_without_credentials_fails_and_pushes_nothing() {
    let source = Source::of_work_tree();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        let mut site = Site::new(system, &source, &stand_ins);
        let good = site.project.clone();
        take_credentials(&mut site);
        fails(&site, &stand_ins, system, &[refusal(system)]).await;
        site.project = good;
        passes(&site, &source, system).await;
    }
}

/// It is no run that is to ask AWS.
#[tokio::test]
async fn a_user_without_a_password_is_named_in_the_log() {
    let source = Source::of_work_tree();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        let mut site = Site::new(system, &source, &stand_ins);
        let user = ("REGISTRY_USER".to_owned(), "somebody".to_owned());
        site.project.settings.extend([user]);
        fails(&site, &stand_ins, system, &["REGISTRY_PASSWORD"]).await;
        site.project.settings.remove("REGISTRY_USER");
        passes(&site, &source, system).await;
    }
}

/// Where a run finds the plan of an earlier one, and where it leaves its own.
fn plans(system: System) -> [&'static str; 2] {
    match system {
        System::Codebuild | System::Github => ["target/ci/plan.json"; 2],
        // What the runner keeps as the cache and as the artifacts of the job.
        System::Gitlab => [
            ".gitlab-ci-local/cache/build/target/ci/plan.json",
            ".gitlab-ci-local/artifacts/build/target/ci/plan.json",
        ],
    }
}

/// Has GitLab's runner find its cache under a name that no file of the checkout is part of.
fn name_the_cache(site: &Site) {
    let file = site.file(System::Gitlab.file());
    let text = std::fs::read_to_string(&file).expect("read the pipeline");
    let by_files = "    key:\n      files: [Cargo.lock, Cargo.toml]\n      prefix: $CI_JOB_NAME_SLUG\n";
    assert!(text.contains(by_files), "{text}");
    let text = text.replace(by_files, "    key: $CI_JOB_NAME_SLUG\n");
    std::fs::write(&file, text).expect("write the pipeline");
}

/// Has the next run end before it plans, and gives what it says then.
fn end_early(site: &mut Site) -> &'static str {
    if site.system != System::Codebuild {
        take_credentials(site);
        return refusal(site.system);
    }
    // Its shell goes on to the plan without a password.
    let (file, failing) = (site.file(System::Codebuild.file()), "(exit 9)");
    let spec = std::fs::read_to_string(&file).expect("read the buildspec");
    assert!(spec.contains("- git --version\n"), "{spec}");
    let spec = spec.replace("- git --version\n", &format!("- {failing}\n"));
    std::fs::write(&file, spec).expect("write the buildspec");
    failing
}

#[tokio::test]
async fn a_run_that_ends_before_its_plan_shows_none_of_an_earlier_one() {
    let source = Source::of_work_tree();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        let mut site = Site::new(system, &source, &stand_ins);
        if system == System::Gitlab {
            name_the_cache(&site);
        }
        let [found, left] = plans(system).map(|path| site.file(path));
        let folder = found.parent().expect("it is in a folder");
        std::fs::create_dir_all(folder).expect("make a folder");
        std::fs::write(&found, "earlier\n").expect("write a plan");
        let reason = end_early(&mut site);
        fails(&site, &stand_ins, system, &[reason]).await;
        assert!(!left.exists(), "{system:?}:\n{}", site.said());
    }
}

/// AWS promises `on-failure` for its own images on EC2 compute alone, and goes on to `post_build`
/// without it.
#[tokio::test]
async fn codebuild_pushes_nothing_after_a_failed_phase_though_nothing_ends_the_build() {
    let source = Source::of_work_tree();
    let abort = "    on-failure: ABORT\n";
    for (verb, instead) in [
        ("build", ""),
        ("build", "    on-failure: CONTINUE\n"),
        ("plan", "    on-failure: CONTINUE\n"),
    ] {
        let stand_ins = StandIns::start().await;
        let site = Site::new(System::Codebuild, &source, &stand_ins);
        let file = site.file(System::Codebuild.file());
        let spec = std::fs::read_to_string(&file).expect("read the buildspec");
        assert!(spec.contains(abort));
        let command = format!("- cargo xtask ci {verb}\n");
        assert!(spec.contains(&command), "{spec}");
        let failing = spec.replace(abort, instead).replace(&command, "- (exit 9)\n");
        std::fs::write(&file, failing).expect("write the buildspec");
        let reason = "so nothing is pushed or proposed";
        fails(&site, &stand_ins, System::Codebuild, &[reason]).await;
        let said = site.said();
        assert!(said.contains("[post_build]"), "{said}");
        for verb in ["push", "propose"] {
            assert!(!said.contains(&format!("$ cargo xtask ci {verb}")), "{said}");
        }
    }
}
