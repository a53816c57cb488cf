//! What the doctor finds, says and installs.

use std::cell::RefCell;

use anyhow::ensure;

use super::*;

struct Silent;

impl Progress for Silent {
    fn doing(&self, _: &str) {}
}

/// Nothing of it is there.
fn of(need: &Need) -> Lack<'_> {
    Lack {
        need,
        found: Found::Nothing,
    }
}

#[test]
fn a_package_that_cannot_be_had_or_is_too_old_keeps_no_other_back() {
    let (sh, tried) = (Shell::new().unwrap(), RefCell::new(Vec::new()));
    let suits = |package: &str| package != "old";
    let done = install(&sh, &["one", "gone", "old", "other"], suits, &Silent, |apt| {
        let line = apt.to_string();
        let package = line.rsplit(' ').next().unwrap_or_default().to_owned();
        tried.borrow_mut().push(package.clone());
        ensure!(package != "gone", "unable to locate it");
        Ok(())
    });
    assert_eq!(done.unwrap(), ["unable to locate it"]);
    assert_eq!(tried.into_inner(), ["update", "one", "gone", "other"]);
    let ended = install(&sh, &["one"], suits, &Silent, |_| {
        Err(SupplyError::Cancelled.into())
    });
    assert!(run::was_stopped(&ended.unwrap_err()));
}

#[test]
fn what_is_missing_comes_with_the_commands_that_failed_and_their_log() {
    let sh = Shell::new().unwrap();
    let suits = |_: &str| true;
    let failed = install(&sh, &["gone"], suits, &Silent, |apt| {
        Err(SupplyError::Command {
            command: apt.to_string(),
            status: "exit status: 100".to_owned(),
            log: "logs/doctor.log".into(),
            tail: "    E: unable to locate it".to_owned(),
        }
        .into())
    });
    let failed = failed.unwrap();
    let missing = || vec![fault(&of(&NEEDS[0]), true, None)];
    let error = judge(missing(), &failed).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SupplyError::Missing(_))));
    let line = |apt: Cmd<'_>| format!("`{apt}` failed (exit status: 100); log: logs/doctor.log");
    let missing_alone = judge(missing(), &[]).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        format!(
            "{}\n{}\nafter that: {missing_alone}",
            line(packages::refresh(&sh)),
            line(packages::installation(&sh, &["gone"]))
        )
    );
    judge(Vec::new(), &failed).unwrap();
}

#[test]
fn every_fault_says_why_and_what_to_do() {
    for need in NEEDS {
        let fault = fault(&of(need), false, None);
        assert!(fault.what.contains(need.why) && !fault.cure.is_empty(), "{fault}");
    }
}

#[test]
fn who_is_sent_to_docker_is_told_why_it_is_not_used() {
    let why = "Docker is not used: permission denied";
    let sent = |need: &&Need| need.only_without_docker && matches!(need.cure, Cure::Person(_));
    let needs: Vec<_> = NEEDS.iter().filter(sent).collect();
    assert!(!needs.is_empty());
    for need in needs {
        for root in [true, false] {
            assert!(
                fault(&of(need), root, Some(why)).cure.contains(why),
                "{}",
                need.what
            );
        }
    }
}

/// A need for another thing.
fn for_check(check: Check) -> Need {
    Need { check, ..NEEDS[0] }
}

/// What apt knows of packages without its lists.
fn unknown(_: &str) -> Option<String> {
    None
}

#[test]
fn a_program_that_is_not_there_is_missing() {
    let versions = Versions::load().unwrap();
    let missing = |check| {
        let need = for_check(check);
        lack(&need, &versions, unknown).unwrap().map(|lack| lack.found)
    };
    let says_nothing = Check::Version {
        program: "false",
        args: &[],
        pin: "go",
        newer: "",
    };
    for check in [
        Check::Program("no-such-program"),
        Check::Path("/no/such/file"),
        Check::Setting("no.such.setting", 1),
        says_nothing,
    ] {
        assert_eq!(missing(check), Some(Found::Nothing), "{check:?}");
    }
    assert_eq!(missing(Check::Program("sh")), None);
}

#[test]
fn a_program_that_is_too_old_even_as_a_package_is_told_with_its_version_and_where_a_newer_one_is() {
    let versions = Versions::load().unwrap();
    let Check::Version { pin, newer, .. } = NEEDS[0].check else {
        panic!("Go is the first need");
    };
    let says = |args: &'static [&'static str]| {
        for_check(Check::Version {
            program: "echo",
            args,
            pin,
            newer,
        })
    };
    let old = says(&["go version go1.19.8 linux/amd64"]);
    let lacking = lack(&old, &versions, unknown).unwrap().unwrap();
    assert_eq!(packages_for(std::slice::from_ref(&lacking)), [""; 0]);
    let fault = fault(&lacking, true, None);
    let least = versions.get("host", pin).unwrap();
    for part in ["1.19.8", least, "bookworm-backports", "go.dev/dl"] {
        assert!(fault.to_string().contains(part), "{fault}: {part}");
    }
    assert!(!fault.cure.contains("apt-get"), "{fault}");
    // Any that gets the pinned one by itself is new enough.
    for enough in [
        &["go version go1.21.0 linux/amd64"],
        &["go version go1.24.4 linux/amd64"],
    ] {
        let need = says(enough);
        assert!(lack(&need, &versions, unknown).unwrap().is_none(), "{enough:?}");
    }
}

#[test]
fn the_version_that_apt_would_install_is_read_without_its_epoch() {
    let policy = |candidate| format!("golang-go:\n  Installed: (none)\n  Candidate: {candidate}\n");
    for (candidate, version) in [
        ("2:1.19~1", Some("1.19~1")),
        ("3.11.2-1+b1", Some("3.11.2-1+b1")),
        ("(none)", None),
    ] {
        assert_eq!(candidate_in(&policy(candidate)), version, "{candidate}");
    }
    assert_eq!(candidate_in(""), None);
}

#[test]
fn a_package_that_would_bring_too_old_a_program_is_told_with_where_a_newer_one_is() {
    let versions = Versions::load().unwrap();
    let Check::Version { pin, newer, .. } = NEEDS[0].check else {
        panic!("Go is the first need");
    };
    let not_there = for_check(Check::Version {
        program: "false",
        args: &[],
        pin,
        newer,
    });
    let lacking = |candidate: &str| {
        let known = |_: &str| Some(candidate.to_owned());
        lack(&not_there, &versions, known).unwrap().unwrap()
    };
    let told = |candidate: &str| fault(&lacking(candidate), true, None);
    let old = told("1.19~1");
    let least = versions.get("host", pin).unwrap();
    for part in ["1.19", "golang-go", least, "bookworm-backports", "go.dev/dl"] {
        assert!(old.to_string().contains(part), "{old}: {part}");
    }
    assert!(!old.cure.contains("apt-get"), "{old}");
    // The lists that say so may be old themselves.
    assert_eq!(packages_for(&[lacking("1.19~1")]), ["golang-go"]);
    let enough = told("1.24~2");
    assert_eq!(enough.cure, packages::by_hand("golang-go"));
}

#[test]
fn who_has_no_pip_is_not_told_to_use_it() {
    let pip = NEEDS.iter().find(|need| need.what == "pip").unwrap();
    let found = Found::OldPackage("18.1".to_owned());
    let told = fault(&Lack { need: pip, found }, true, None);
    assert!(
        told.cure.contains("pip.pypa.io") && !told.cure.contains("-m pip"),
        "{told}"
    );
}

#[test]
fn all_faults_come_together() {
    let needs: Vec<Fault> = NEEDS.iter().map(|need| fault(&of(need), true, None)).collect();
    let text = SupplyError::Missing(needs.clone()).to_string();
    assert!(
        needs.iter().all(|fault| text.contains(&fault.to_string())),
        "{text}"
    );
}
