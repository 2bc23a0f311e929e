//! The command `banggiao`: the verbs against a server, and the four services in one process.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    banggiao_standalone::command::main().await
}
