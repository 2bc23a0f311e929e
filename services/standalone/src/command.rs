//! The command line: the client's verbs, and those that need the services, their keys, or the whole command.

use std::process::ExitCode;

use banggiao_cli::{Globals, Verb};
use clap::{CommandFactory, Parser, Subcommand};

use crate::{backup, demo, restore, token, transfer, up};

/// banggiao: records and reports of defence cooperation between twinned units across a land border.
#[derive(Debug, Parser)]
#[command(name = "banggiao", version, about, propagate_version = true)]
struct Command {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    verb: AnyVerb,
}

#[derive(Debug, Subcommand)]
enum AnyVerb {
    /// Run all four services in one process.
    Up(up::Args),
    /// Run them with the sample data, and show the published figures.
    Demo(demo::Args),
    /// Copy an installation into a fresh folder, also while it serves.
    Backup(backup::Args),
    /// Make an installation from a backup, in a folder that is not there yet.
    Restore(restore::Args),
    /// Move what a backup holds into PostgreSQL databases, where a cluster goes on with it.
    Transfer(transfer::Args),
    /// Tokens: made with the key of a data folder, listed, revoked.
    #[command(subcommand)]
    Token(token::TokenVerb),
    /// Print a script that lets a shell complete this command: bash, zsh, fish, elvish, powershell.
    Completions(banggiao_cli::CompletionsArgs),
    #[command(flatten)]
    Client(Box<Verb>),
}

/// Runs the command: 0 if it did what it was asked, 1 if it failed, 2 if it was asked wrongly.
pub async fn main() -> ExitCode {
    let command = Command::parse();
    let globals = command.globals;
    let outcome = match command.verb {
        AnyVerb::Up(args) => up::run(args, &globals).await,
        AnyVerb::Demo(args) => demo::run(args, &globals).await,
        AnyVerb::Backup(args) => backup::run(args, &globals).await,
        AnyVerb::Restore(args) => restore::run(args, &globals).await,
        AnyVerb::Transfer(args) => transfer::run(args, &globals).await,
        AnyVerb::Token(verb) => token::run(verb, &globals).await,
        AnyVerb::Completions(args) => banggiao_cli::completions(args.shell, &mut Command::command()),
        AnyVerb::Client(verb) => banggiao_cli::run(*verb, &globals).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            ExitCode::from(error.exit_code())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        super::Command::command().debug_assert();
    }
}
