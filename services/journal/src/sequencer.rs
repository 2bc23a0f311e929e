//! The sequencer: one thread that drains a queue of commands and commits as many as are waiting in one transaction.
//!
//! The head of the log is locked first and alone; what is read after that is the truth. Positions are given gaplessly
//! behind it, and everybody is answered once the commit is durable. Several processes may run a sequencer on the same
//! database: the lock makes them take turns. No client can cancel it, and one bad command fails alone.

mod batch;
mod commit;

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::feed;
use banggiao_runtime::Seams;
use banggiao_store::{Appending, Store};
use tokio::{
    runtime,
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

#[cfg(test)]
use crate::trial::Moment;
use crate::{
    domain::{Error, command::Command},
    ledger::Ledger,
    store::revision,
};
pub use batch::timestamp;

/// More groups than this do not wait; the caller is told to come back.
const QUEUE: usize = 4096;
/// One transaction takes at most so many groups.
const GROUPS: usize = 512;
/// One transaction takes no further group once it has so many commands: what others wait for must not grow without end.
const COMMANDS: usize = 4096;

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The events as the command left them, in the order asked for.
    pub events: Vec<Arc<pb::Event>>,
    /// The command was carried out before; this is the answer that it got then.
    pub repeated: bool,
}

/// Commands of one caller, in their order.
#[derive(Debug, Clone)]
pub struct Group {
    /// The commands.
    pub commands: Vec<Command>,
    /// They are carried out all or none.
    pub together: bool,
}

/// How the commands of a group ended.
pub type Outcomes = Vec<Result<Answer, Error>>;

struct Waiting {
    group: Group,
    answer: oneshot::Sender<Outcomes>,
}

/// The way to the sequencer.
#[derive(Debug, Clone)]
pub struct Sequencer(mpsc::Sender<Waiting>);

impl Sequencer {
    /// Starts it. It ends when the last way to it is gone.
    ///
    /// It has a thread and a runtime of its own: a task would wait behind those whom it has just answered, once for each
    /// answer of the database, while everybody else waits for it.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start(
        store: Store,
        seams: Seams,
        head: watch::Sender<feed::Head>,
        ledger: Arc<Ledger>,
    ) -> std::io::Result<Self> {
        let (sender, queue) = mpsc::channel(QUEUE);
        let log = Log {
            store,
            seams,
            head,
            ledger,
        };
        let (told, begun) = std::sync::mpsc::channel();
        // The runtime is made there, since it must not be let go of here if there is no thread.
        std::thread::Builder::new()
            .name("sequencer".to_owned())
            .spawn(
                move || match runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => {
                        drop(told.send(Ok(())));
                        runtime.block_on(log.drain(queue));
                    }
                    Err(error) => drop(told.send(Err(error))),
                },
            )?;
        begun.recv().unwrap_or_else(|gone| Err(std::io::Error::other(gone)))?;
        Ok(Self(sender))
    }

    /// Hands a command in and waits until it is durable or refused.
    ///
    /// # Errors
    /// The command's refusal; [`Error::Overloaded`] at once if too much is waiting.
    pub async fn submit(&self, command: Command) -> Result<Answer, Error> {
        let group = Group {
            commands: vec![command],
            together: false,
        };
        let outcome = self.hand_in(group)?.outcomes().await?.pop();
        outcome.unwrap_or_else(|| Err(ended()))
    }

    /// Hands commands in; their outcomes come later.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once if too much is waiting.
    pub fn hand_in(&self, group: Group) -> Result<Pending, Error> {
        let (answer, outcomes) = oneshot::channel();
        self.0
            .try_send(Waiting { group, answer })
            .map_err(|_| Error::Overloaded)?;
        Ok(Pending(outcomes))
    }
}

/// Commands that are on their way.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Outcomes>);

impl Pending {
    /// Waits until each is durable or refused; outcomes are in their order.
    ///
    /// # Errors
    /// If the sequencer ended.
    pub async fn outcomes(self) -> Result<Outcomes, Error> {
        self.0.await.map_err(|_| ended())
    }
}

fn ended() -> Error {
    Error::Broken("the sequencer ended".to_owned())
}

/// How many of those that wait go into one transaction: at least one.
fn turn(waiting: &[Waiting]) -> usize {
    let mut commands = 0;
    let full = waiting.iter().position(|waiting| {
        commands += waiting.group.commands.len();
        commands >= COMMANDS
    });
    full.map_or(waiting.len(), |index| index + 1)
}

struct Log {
    store: Store,
    seams: Seams,
    head: watch::Sender<feed::Head>,
    ledger: Arc<Ledger>,
}

impl Log {
    async fn drain(self, mut queue: mpsc::Receiver<Waiting>) {
        let mut waiting = Vec::with_capacity(GROUPS);
        // No timer: whatever is waiting is taken, so the busier it is, the more a commit carries.
        while queue.recv_many(&mut waiting, GROUPS).await > 0 {
            while !waiting.is_empty() {
                let rest = waiting.split_off(turn(&waiting));
                self.answer(std::mem::replace(&mut waiting, rest)).await;
            }
        }
    }

    /// Commits what waits and answers everybody.
    async fn answer(&self, waiting: Vec<Waiting>) {
        let (groups, answers): (Vec<_>, Vec<_>) = waiting.into_iter().map(|w| (w.group, w.answer)).unzip();
        let outcomes = self.carry_out(groups).await;
        #[cfg(test)]
        self.ledger.trial.reach(Moment::Answering);
        for (answer, outcomes) in answers.into_iter().zip(outcomes) {
            // A caller that went away finds its answer when it repeats the request.
            drop(answer.send(outcomes));
            #[cfg(test)]
            self.ledger.trial.reach(Moment::Answered);
        }
    }

    /// Commits groups in one transaction. If the database refuses it for no passing reason, it is tried in halves, so
    /// that the command that is at fault is found and fails alone.
    async fn carry_out(&self, groups: Vec<Group>) -> Vec<Outcomes> {
        let groups = Arc::new(groups);
        match self.commit(&groups).await {
            Ok(outcomes) => outcomes,
            Err(error) => match halves(Arc::unwrap_or_clone(groups), &error) {
                Halves::OfGroups(first, second) => {
                    let mut outcomes = Box::pin(self.carry_out(first)).await;
                    outcomes.extend(Box::pin(self.carry_out(second)).await);
                    outcomes
                }
                Halves::OfOne(first, second) => {
                    let mut outcomes = Box::pin(self.carry_out(vec![first])).await;
                    outcomes.extend(Box::pin(self.carry_out(vec![second])).await);
                    vec![outcomes.concat()]
                }
                Halves::None(groups) => {
                    let refused = |group: &Group| group.commands.iter().map(|_| Err(error.clone())).collect();
                    groups.iter().map(refused).collect()
                }
            },
        }
    }
}

/// Revisions that the database has taken in, or takes in meanwhile.
enum HandedOver {
    Stored(Result<(), banggiao_store::Error>),
    UnderWay(JoinHandle<Result<(), banggiao_store::Error>>),
}

/// Hands revisions over to the database. A server takes them in while whoever hands them over goes on computing, so that
/// is done in a task of its own; SQLite does its work on this thread.
async fn handed_over(tx: &Appending, revisions: Vec<revision::Model>) -> HandedOver {
    if revisions.is_empty() || tx.is_here() {
        return HandedOver::Stored(revision::insert(tx, revisions).await);
    }
    let tx = tx.clone();
    let task = tokio::spawn(async move { revision::insert(&tx, revisions).await });
    // A new task waits behind the one that made it, and nobody else takes it over.
    tokio::task::yield_now().await;
    HandedOver::UnderWay(task)
}

impl HandedOver {
    /// Waits until they are in. It must be waited for whatever else went wrong: the transaction cannot end before.
    async fn stored(self) -> Result<(), Error> {
        match self {
            Self::Stored(stored) => Ok(stored?),
            Self::UnderWay(task) => Ok(task.await.unwrap_or(Err(banggiao_store::Error::Lost))?),
        }
    }
}

enum Halves {
    OfGroups(Vec<Group>, Vec<Group>),
    OfOne(Group, Group),
    None(Vec<Group>),
}

/// What is tried by itself after a transaction failed.
fn halves(mut groups: Vec<Group>, error: &Error) -> Halves {
    if !is_fault_of_a_command(error) {
        return Halves::None(groups);
    }
    if groups.len() > 1 {
        let second = groups.split_off(groups.len() / 2);
        return Halves::OfGroups(groups, second);
    }
    match groups.pop() {
        Some(mut group) if group.commands.len() > 1 && !group.together => {
            let commands = group.commands.split_off(group.commands.len() / 2);
            let second = Group { commands, ..group };
            Halves::OfOne(group, second)
        }
        other => Halves::None(other.into_iter().collect()),
    }
}

fn is_fault_of_a_command(error: &Error) -> bool {
    match error {
        Error::Store(error) => error.kind() == banggiao_store::Kind::Fault,
        Error::Frozen(_) | Error::NoSecret(_) | Error::DamagedLog(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
