//! The program, as a process.

#[test]
fn it_shows_what_it_would_serve_with() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_banggiao-registry"))
        .arg("config")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("listen = \"127.0.0.1:77"));
}
