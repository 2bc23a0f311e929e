//! Who may know whom: the rules of the house, held against the manifests and the sources.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What each package may use of the house.
const MAY_KNOW: [(&str, &[&str]); 19] = [
    ("contracts", &[]),
    ("model", &[]),
    ("ledger", &[]),
    ("workbook", &[]),
    ("documents", &[]),
    ("rpc", &["contracts", "model"]),
    ("store", &["model"]),
    ("runtime", &["contracts", "model", "rpc", "store"]),
    ("directory", &["contracts", "model", "rpc", "store"]),
    ("cli", &["contracts", "ledger", "model", "rpc", "workbook"]),
    ("audit", &["contracts", "model", "rpc", "runtime", "store"]),
    ("testkit", &["model", "runtime"]),
    // It knows SQLite only; its tests cut the power under a store.
    ("powercut", &["store"]),
    (
        "registry",
        &[
            "audit",
            "contracts",
            "directory",
            "ledger",
            "model",
            "rpc",
            "runtime",
            "store",
        ],
    ),
    (
        "journal",
        &[
            "audit",
            "contracts",
            "directory",
            "ledger",
            "model",
            "rpc",
            "runtime",
            "store",
        ],
    ),
    (
        "reporting",
        &[
            "audit",
            "contracts",
            "directory",
            "documents",
            "ledger",
            "model",
            "rpc",
            "runtime",
            "store",
        ],
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
            "store",
            // Its tests fill in forms.
            "workbook",
        ],
    ),
    (
        "tests",
        &[
            "cli",
            "contracts",
            "journal",
            "ledger",
            "model",
            "registry",
            "rpc",
            "runtime",
            "standalone",
            "testkit",
        ],
    ),
];

/// What anybody's tests may use, and no product.
const FOR_TESTS: [&str; 2] = ["powercut", "testkit"];

/// The pure crates wait for nothing and store nothing.
const PURE: [&str; 4] = ["model", "ledger", "workbook", "documents"];
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
                let allowed = may_know.contains(&other) || (for_tests && FOR_TESTS.contains(&other));
                assert!(allowed, "{name} must not know {other}");
            }
            // The formats of spreadsheets are the business of one crate.
            let of_workbooks = ["calamine", "rust_xlsxwriter"].contains(&other);
            assert!(!of_workbooks || name == "workbook", "{name} must not know {other}");
            assert!(
                !(PURE.contains(&name) && IMPURE.contains(&other)),
                "{name} is pure and must not know {other}"
            );
        }
    }
}

/// Who must not be used where: the rooms of a service, from the outside in.
const ROOMS: [(&str, &[&str]); 4] = [
    // Rules are pure: time and ids come in as arguments, and nothing is waited for.
    (
        "domain",
        &["crate::grpc", "crate::store", "sea_orm", "tonic::", "tokio::", ".await"],
    ),
    // Queries know rows and values, and nobody who asks.
    ("store", &["crate::grpc", "tonic::"]),
    // Handlers translate; what is stored is the business of others.
    ("grpc", &["sea_orm"]),
    // A conversion says what is wrong and never how the process fares.
    ("domain/", &["std::env", "std::fs", "std::net"]),
];

#[test]
fn every_line_is_in_the_room_where_it_belongs() {
    let services = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../services"));
    let mut faults = Vec::new();
    let mut seen = 0;
    for file in sources(services) {
        let path = file
            .strip_prefix(services)
            .expect("below it")
            .to_string_lossy()
            .into_owned();
        let Some((_, room)) = path.split_once("/src/") else {
            continue;
        };
        if room.contains("tests") {
            continue;
        }
        seen += 1;
        let text = fs::read_to_string(&file).expect("a source file");
        // Tests at the end of a file may use whatever they need.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (prefix, banned) in ROOMS {
            if !room.starts_with(prefix) {
                continue;
            }
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if let Some(word) = banned.iter().find(|word| code.contains(**word)) {
                    faults.push(format!("{path}:{}: {word}", number + 1));
                }
            }
        }
    }
    assert!(seen > 50, "the sources are not where they were: {seen}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// No handler opens a transaction in its own future, which a caller could cancel: the store spawns them.
#[test]
fn transactions_are_opened_in_one_place() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let found: Vec<String> = ["crates", "services"]
        .iter()
        .flat_map(|folder| sources(&root.join(folder)))
        .filter(|file| {
            let text = fs::read_to_string(file).expect("a source file");
            text.contains(".begin()") || text.contains(".begin_with_options(") || text.contains(".begin_with_config(")
        })
        .map(|file| file.strip_prefix(root).expect("below it").display().to_string())
        .collect();
    assert!(
        !found.is_empty() && found.iter().all(|file| file.starts_with("crates/store/")),
        "{found:?}"
    );
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
