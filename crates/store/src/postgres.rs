//! What is peculiar to PostgreSQL: the settings of a session, and the refusal of a server that would forget what it
//! acknowledged.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, Statement,
    sqlx::{self, Connection, PgConnection, Postgres, pool::PoolOptions, postgres::PgConnectOptions},
};

use crate::{Error, LOCK_TIMEOUT};

/// Several connections write. The head row puts them in order, and readers never wait for them.
pub(crate) const WRITERS: u32 = 4;
/// And these for whoever appends: while one is asked whether it came back well, the other one is there.
pub(crate) const APPENDERS: u32 = 2;
/// A connection that was used so lately is taken for alive; if it is not, its transaction fails, as it would a moment later.
const FRESH: Duration = Duration::from_secs(1);
/// A connection answers in this time whether it is alive.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// What the server's statistics and log call our sessions, unless the address names them otherwise.
const APPLICATION: &str = "banggiao";
/// Whoever migrates holds this lock. The number means nothing; it only has to stay the same.
const MIGRATION_LOCK: i64 = 0x62_61_6e_67;

/// What every session is set to, whatever the server's own defaults are.
///
/// In READ COMMITTED a statement after the head's lock sees all that was committed before it; a snapshot of the whole
/// transaction would fail in every contended one. The two timeouts bound how long a process that hangs inside a
/// transaction holds up all others.
pub(crate) fn session(options: PgConnectOptions) -> PgConnectOptions {
    let patience = LOCK_TIMEOUT.as_millis().to_string();
    let options = options.options([
        ("default_transaction_isolation", "read committed"),
        ("lock_timeout", patience.as_str()),
        ("idle_in_transaction_session_timeout", patience.as_str()),
    ]);
    if options.get_application_name().is_some() {
        options
    } else {
        options.application_name(APPLICATION)
    }
}

/// What a session that writes is set to besides. Whatever it looks up has an index, and a table that grew since it was
/// last analysed must not be read from end to end for it, while everybody waits for the head's lock. Each plan is made for
/// the values and the size of the table that it is for: one that was made while the table was empty takes any index for
/// as good as another, for ever. Where there is no index a plan looks endlessly dear, for which nothing must be compiled;
/// and as long as nobody has analysed a table, a look-up of a few dozen keys looks as if it found thousands of rows, for
/// which processes must not be started: that takes longer than all the rest of the transaction.
pub(crate) fn writing_session(options: PgConnectOptions) -> PgConnectOptions {
    session(options).options([
        ("enable_seqscan", "off"),
        ("plan_cache_mode", "force_custom_plan"),
        ("jit", "off"),
        ("max_parallel_workers_per_gather", "0"),
    ])
}

/// A connection is asked whether it is alive before it is given, for it may have been dropped on its way without a word; if
/// it does not answer, another one is made.
pub(crate) fn pool(options: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
    options.before_acquire(|connection: &mut PgConnection, _| {
        Box::pin(async move { answers(connection).await.map(|()| true) })
    })
}

/// And for sessions that write: a connection over which no answer comes is given up when it comes back; waiting for it
/// would keep its place for ever.
pub(crate) fn writing_pool(options: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
    pool(options).after_release(|connection: &mut PgConnection, _| {
        Box::pin(async move { answers(connection).await.map(|()| true) })
    })
}

/// And for whoever appends, transaction after transaction: a connection that has just been in use is not asked again.
pub(crate) fn appending_pool(options: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
    writing_pool(options).before_acquire(|connection: &mut PgConnection, state| {
        Box::pin(async move {
            if state.idle_for > FRESH {
                answers(connection).await?;
            }
            Ok(true)
        })
    })
}

async fn answers(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let answer = tokio::time::timeout(ANSWER_MAX, connection.ping()).await;
    answer.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// The settings on which durability hangs, as this session has them.
struct Durability {
    fsync: String,
    full_page_writes: String,
    synchronous_commit: String,
    synchronous_standby_names: String,
}

/// # Errors
/// [`Error::NotDurable`] if the server acknowledges what a loss of power, or of the primary, would take away.
pub(crate) async fn refuse_forgetful(db: &DatabaseConnection) -> Result<(), Error> {
    let settings = "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
                    current_setting('synchronous_commit'), current_setting('synchronous_standby_names')";
    let row = db
        .query_one_raw(Statement::from_string(DbBackend::Postgres, settings))
        .await?
        .ok_or(Error::Missing("the server's settings"))?;
    let durability = Durability {
        fsync: row.try_get_by_index(0)?,
        full_page_writes: row.try_get_by_index(1)?,
        synchronous_commit: row.try_get_by_index(2)?,
        synchronous_standby_names: row.try_get_by_index(3)?,
    };
    match durability.weakness() {
        Some(weakness) => Err(Error::NotDurable(weakness)),
        None => Ok(()),
    }
}

impl Durability {
    /// Why what was committed could be lost, if it could.
    fn weakness(&self) -> Option<String> {
        let Self {
            fsync,
            full_page_writes,
            synchronous_commit,
            synchronous_standby_names,
        } = self;
        if fsync != "on" {
            return Some(format!("fsync is {fsync}, and must be on"));
        }
        if full_page_writes != "on" {
            return Some(format!("full_page_writes is {full_page_writes}, and must be on"));
        }
        if synchronous_commit == "off" {
            return Some("synchronous_commit is off, and must not be".to_owned());
        }
        if synchronous_commit == "local" && !synchronous_standby_names.is_empty() {
            return Some(format!(
                "synchronous_commit is local, and must not be while {synchronous_standby_names:?} are the synchronous \
                 standbys"
            ));
        }
        None
    }
}

/// Puts this transaction in line with other processes that migrate the same database: each would see the same steps
/// pending. A long step of another one is waited for, and our own may pause between two statements.
pub(crate) async fn take_turn_to_migrate(tx: &impl ConnectionTrait) -> Result<(), Error> {
    let sql = format!(
        "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '5min'; \
         SELECT pg_advisory_xact_lock({MIGRATION_LOCK}); SET LOCAL lock_timeout TO DEFAULT"
    );
    tx.execute_unprepared(&sql).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weakness(settings: [&str; 4]) -> Option<String> {
        let [fsync, full_page_writes, synchronous_commit, synchronous_standby_names] = settings.map(str::to_owned);
        let durability = Durability {
            fsync,
            full_page_writes,
            synchronous_commit,
            synchronous_standby_names,
        };
        durability.weakness()
    }

    #[test]
    fn only_what_can_be_lost_is_refused() {
        for durable in [
            ["on", "on", "on", ""],
            ["on", "on", "local", ""],
            ["on", "on", "remote_write", "other"],
            ["on", "on", "remote_apply", "other"],
            ["on", "on", "on", "other"],
        ] {
            assert_eq!(weakness(durable), None, "{durable:?}");
        }
        for (forgetful, setting) in [
            (["off", "on", "on", ""], "fsync is off"),
            (["on", "off", "on", ""], "full_page_writes is off"),
            (["on", "on", "off", ""], "synchronous_commit is off"),
            (["on", "on", "off", "other"], "synchronous_commit is off"),
            (["on", "on", "local", "other"], "synchronous_commit is local"),
        ] {
            let weakness = weakness(forgetful).unwrap();
            assert!(weakness.starts_with(setting), "{weakness}");
        }
    }
}
