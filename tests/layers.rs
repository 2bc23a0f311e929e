//! Who may know whom: the rules of the house, held against the manifests.

use std::{collections::BTreeMap, process::Command};

/// What each package may use of the house.
const MAY_KNOW: [(&str, &[&str]); 15] = [
    ("contracts", &[]),
    ("model", &[]),
    ("ledger", &[]),
    ("rpc", &["contracts", "model"]),
    ("store", &["model"]),
    ("runtime", &["contracts", "model", "rpc", "store"]),
    ("directory", &["contracts", "model", "rpc", "store"]),
    ("cli", &["contracts", "model", "rpc"]),
    ("testkit", &["model", "runtime"]),
    (
        "registry",
        &["contracts", "directory", "ledger", "model", "rpc", "runtime", "store"],
    ),
    (
        "journal",
        &["contracts", "directory", "ledger", "model", "rpc", "runtime", "store"],
    ),
    (
        "reporting",
        &["contracts", "directory", "ledger", "model", "rpc", "runtime", "store"],
    ),
    // The gateway owns nothing, so it has no store and no directory.
    ("gateway", &["contracts", "model", "rpc", "runtime"]),
    (
        "standalone",
        &[
            "cli",
            "contracts",
            "gateway",
            "journal",
            "model",
            "registry",
            "reporting",
            "rpc",
            "runtime",
        ],
    ),
    (
        "tests",
        &["cli", "contracts", "model", "rpc", "runtime", "standalone", "testkit"],
    ),
];

/// The pure crates wait for nothing and store nothing.
const PURE: [&str; 2] = ["model", "ledger"];
const IMPURE: [&str; 4] = ["tonic", "sea-orm", "tokio", "hyper"];

#[test]
fn nobody_knows_whom_it_must_not_know() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("cargo metadata is JSON");
    let rules: BTreeMap<&str, &[&str]> = MAY_KNOW.into_iter().collect();
    let packages = metadata["packages"].as_array().expect("packages");
    assert_eq!(
        packages.len(),
        rules.len(),
        "a package has no rule, or a rule no package"
    );
    for package in packages {
        let name = package["name"]
            .as_str()
            .and_then(|name| name.strip_prefix("banggiao-"))
            .expect("a name of ours");
        let may_know = rules.get(name).unwrap_or_else(|| panic!("{name} has no rule"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = dependency["name"].as_str().expect("a name");
            let for_tests = dependency["kind"] == "dev";
            if let Some(other) = other.strip_prefix("banggiao-") {
                let allowed = may_know.contains(&other) || (for_tests && other == "testkit");
                assert!(allowed, "{name} must not know {other}");
            }
            assert!(
                !(PURE.contains(&name) && IMPURE.contains(&other)),
                "{name} is pure and must not know {other}"
            );
        }
    }
}
