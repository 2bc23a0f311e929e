//! The verbs of the `banggiao` command, as a library: a client of the contracts and nothing more.
//!
//! It owns the flags, the reading of import files, and how answers look. It speaks to a server over gRPC only and must
//! not know any service's inside; starting servers and making tokens belongs to the binary, which adds those verbs.

pub mod access;
pub mod audit;
mod change;
pub mod choices;
pub mod completions;
pub mod connection;
pub mod dynamic;
pub mod error;
pub mod explain;
pub mod figures;
pub mod given;
pub mod globals;
pub mod health;
pub mod import;
mod input;
pub mod journal;
pub mod json;
pub mod ledger;
pub mod listing;
pub mod names;
pub mod nouns;
pub mod number;
pub mod output;
pub mod profile;
pub mod registry;
pub mod reporting;
pub mod show;
pub mod table;
mod target;

pub use completions::{CompletionsArgs, completions};
pub use connection::Connection;
pub use error::Error;
pub use globals::{Globals, Lang, Session};
pub use listing::PageArgs;
pub use output::Output;

use clap::Subcommand;

/// What the command can do against a server.
#[derive(Debug, Clone, Subcommand)]
pub enum Verb {
    /// Units (đơn vị) and their history.
    #[command(subcommand)]
    Unit(registry::UnitVerb),
    /// Kinds of units.
    #[command(subcommand)]
    UnitKind(registry::UnitKindVerb),
    /// Agreements (thỏa thuận).
    #[command(subcommand)]
    Agreement(registry::AgreementVerb),
    /// Programmes (nghị quyết, đề án, kế hoạch).
    #[command(subcommand)]
    Programme(registry::ProgrammeVerb),
    /// Boundary markers (mốc giới).
    #[command(subcommand)]
    Marker(registry::MarkerVerb),
    /// Sections of the border between two markers (đoạn biên giới).
    #[command(subcommand)]
    Section(registry::SectionVerb),
    /// Find units, agreements, programmes and markers by what one remembers of them, with or without diacritics.
    Search(registry::search::Args),
    /// Event types.
    #[command(subcommand)]
    EventType(journal::EventTypeVerb),
    /// Events.
    #[command(subcommand)]
    Event(journal::EventVerb),
    /// Attachments: documents that belong to events.
    #[command(subcommand)]
    Attachment(journal::attachment::AttachmentVerb),
    /// Indicators (chỉ tiêu).
    #[command(subcommand)]
    Indicator(reporting::IndicatorVerb),
    /// Reporting periods (kỳ báo cáo).
    #[command(subcommand)]
    Period(reporting::PeriodVerb),
    /// Reports (báo cáo): drafted, issued, verified, and written as documents.
    #[command(subcommand)]
    Report(reporting::ReportVerb),
    /// Returns (báo cáo của đơn vị), what is still missing, and what somebody should look at.
    #[command(subcommand)]
    Return(reporting::ReturnVerb),
    /// What reporting keeps of the journal, read again.
    #[command(subcommand)]
    Projection(reporting::ProjectionVerb),
    /// Principals: persons and services that may call.
    #[command(subcommand)]
    Principal(access::PrincipalVerb),
    /// Grants: who may do what.
    #[command(subcommand)]
    Grant(access::GrantVerb),
    /// Audit trails: what was changed, what was refused, and to whom.
    #[command(subcommand)]
    Audit(audit::AuditVerb),
    /// Import files: units, reorganizations, programmes, markers, agreements, events, corrections.
    Import(import::Args),
    /// Compute figures for a unit and a period.
    Figures(figures::Args),
    /// Show the records behind one figure, or what makes the difference between two.
    Explain(explain::Args),
    /// The journal's log as a ledger: signed checkpoints, proofs, checking all of it.
    #[command(subcommand)]
    Ledger(ledger::LedgerVerb),
    /// Check the evidence for a figure or a record, without a server.
    Verify(ledger::VerifyFile),
    /// Show who you are to the server, and what you may do.
    Whoami,
    /// Check that the server and the services behind it are serving.
    Health,
}

/// Does what the command line asks for. Must be called inside a tokio runtime.
///
/// # Errors
/// [`Error`] knows its exit code and how to print itself.
pub async fn run(verb: Verb, globals: &Globals) -> Result<(), Error> {
    match &verb {
        Verb::Verify(file) => return file.run(globals),
        Verb::Ledger(verb) => {
            if let Some(verify) = verb.without_server() {
                return verify.offline(globals);
            }
        }
        _ => {}
    }
    let session = globals.session()?;
    match verb {
        Verb::Verify(file) => file.run(globals),
        Verb::Ledger(verb) => verb.run(&session).await,
        Verb::Unit(verb) => verb.run(&session).await,
        Verb::UnitKind(verb) => verb.run(&session).await,
        Verb::Agreement(verb) => verb.run(&session).await,
        Verb::Programme(verb) => verb.run(&session).await,
        Verb::Marker(verb) => verb.run(&session).await,
        Verb::Section(verb) => verb.run(&session).await,
        Verb::Search(args) => args.run(&session).await,
        Verb::EventType(verb) => verb.run(&session).await,
        Verb::Event(verb) => verb.run(&session).await,
        Verb::Attachment(verb) => verb.run(&session).await,
        Verb::Indicator(verb) => verb.run(&session).await,
        Verb::Period(verb) => verb.run(&session).await,
        Verb::Report(verb) => verb.run(&session).await,
        Verb::Return(verb) => verb.run(&session).await,
        Verb::Projection(verb) => verb.run(&session).await,
        Verb::Principal(verb) => verb.run(&session).await,
        Verb::Grant(verb) => verb.run(&session).await,
        Verb::Audit(verb) => verb.run(&session).await,
        Verb::Import(args) => import::command(&session, args).await,
        Verb::Figures(args) => figures::run(&session, &args).await,
        Verb::Explain(args) => explain::run(&session, &args).await,
        Verb::Whoami => access::whoami(&session).await,
        Verb::Health => health::run(&session).await,
    }
}
