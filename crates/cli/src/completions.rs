//! `completions`: scripts that let a shell complete the command.
//!
//! The command is given by the binary, whose verbs are more than those of this library.

use crate::error::Error;
use crate::output;
use clap_complete::Shell;

/// For which shell.
#[derive(Debug, Clone, clap::Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Writes the script of a shell for a command to stdout.
///
/// # Errors
/// [`Error::Failure`] if stdout cannot be written.
pub fn completions(shell: Shell, command: &mut clap::Command) -> Result<(), Error> {
    output::data(&script(shell, command)?)
}

fn script(shell: Shell, command: &mut clap::Command) -> Result<String, Error> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, command, name, &mut script);
    String::from_utf8(script).map_err(|error| Error::Failure(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Subcommand as _, ValueEnum as _};

    #[test]
    fn every_shell_learns_every_verb() {
        for shell in Shell::value_variants() {
            let mut command = crate::Verb::augment_subcommands(clap::Command::new("banggiao"));
            let script = script(*shell, &mut command).unwrap();
            for word in [
                "banggiao",
                "event-type",
                "figures",
                "include-unapproved",
                "supersede",
                "against-period",
            ] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
