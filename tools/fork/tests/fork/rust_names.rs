//! Names of a fork as parts of names of Rust, and how long they make its lines.

use crate::checkout::Checkout;
use crate::names::{APPLICATION, NAME, former};

/// A file whose functions have the name of the application in theirs.
const FILE: &str = "functions.rs";

#[test]
fn a_name_of_one_word_gets_a_hyphen_and_loses_it_again_in_rust_too() {
    let checkout = Checkout::committed();
    let [_, before] = former(&checkout);
    // In pieces, so that it is free in a checkout that has this file too.
    let word = concat!("shop", "front");
    let text = |application: &str| {
        let name = application.replace('-', "_");
        format!("//! Of {application}.\n\nfn the_{name}_cannot() {{}}\nfn {name}_can() {{}}\n")
    };
    checkout.write(FILE, &text(&before));
    checkout.write("rustfmt.toml", "max_width = 110\n");
    checkout.commit();
    for application in [word, APPLICATION, word, &before] {
        checkout.fork(&["--application", application]);
        assert_eq!(checkout.read(FILE), text(application));
        checkout.commit();
    }
}

/// As a copy that took both names of the page and is renamed later.
#[test]
fn a_name_that_the_other_one_begins_with_gets_a_hyphen_and_leaves_that_in_rust() {
    let checkout = Checkout::committed();
    // In pieces, so that it is free in a checkout that has this file too.
    let word = concat!("shop", "front");
    let (name, application) = (format!("{word}-loop"), format!("{word}-shop"));
    checkout.fork(&["--name", word, "--application", &application]);
    let text = |name: &str| {
        let function = name.replace('-', "_");
        format!(
            "//! Of {name} and _{application}_.\n\nfn the_{word}_shop_can() {{}}\nfn {word}_shop_can() {{}}\n\
            fn the_{function}_cannot() {{}}\n"
        )
    };
    checkout.write(FILE, &text(word));
    checkout.write("rustfmt.toml", "max_width = 110\n");
    checkout.commit();
    checkout.fork(&["--name", &name]);
    assert_eq!(checkout.read(FILE), text(&name));
}

#[test]
fn rust_is_formatted_for_the_new_name() {
    let checkout = Checkout::committed();
    let name = &former(&checkout)[0];
    checkout.write(
        "long.rs",
        &format!(
            "//! A file.\n\nconst A: (&str, &str) = (\"{name}\", \"{}\");\n",
            "x".repeat(60)
        ),
    );
    checkout.write("rustfmt.toml", "max_width = 110\n");
    checkout.commit();
    checkout.fork(&["--name", &format!("{NAME}-with-many")]);
    let text = checkout.read("long.rs");
    assert!(
        text.contains(&format!("(\n    \"{NAME}-with-many\",\n")),
        "{text}"
    );
}
