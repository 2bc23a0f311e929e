//! The sequencer: one task that drains a queue of commands and commits as many as are waiting in one transaction.
//!
//! The head of the log is locked first and alone; what is read after that is the truth. Positions are given gaplessly
//! behind it, and everybody is answered once the commit is durable. Several processes may run a sequencer on the same
//! database: the lock makes them take turns. No client can cancel it, and one bad command fails alone.

mod batch;

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::feed;
use banggiao_runtime::Seams;
use banggiao_store::Store;
use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::{Error, command::Command};
use batch::Batch;

/// More commands than this do not wait; the caller is told to come back.
const QUEUE: usize = 4096;
/// One transaction takes at most so many commands, so that a search by their keys stays within the database's bounds.
const BATCH: usize = 512;

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The events as the command left them, in the order asked for.
    pub events: Vec<pb::Event>,
    /// The command was carried out before; this is the answer that it got then.
    pub repeated: bool,
}

struct Waiting {
    command: Command,
    answer: oneshot::Sender<Result<Answer, Error>>,
}

/// The way to the sequencer.
#[derive(Debug, Clone)]
pub struct Sequencer(mpsc::Sender<Waiting>);

impl Sequencer {
    /// Starts the task. It ends when the last way to it is gone.
    pub fn start(store: Store, seams: Seams, head: watch::Sender<feed::Head>) -> Self {
        let (sender, mut queue) = mpsc::channel::<Waiting>(QUEUE);
        tokio::spawn(async move {
            let log = Log { store, seams, head };
            let mut batch = Vec::with_capacity(BATCH);
            // No timer: whatever is waiting is taken, so the busier it is, the more a commit carries.
            while queue.recv_many(&mut batch, BATCH).await > 0 {
                log.carry_out(std::mem::take(&mut batch)).await;
            }
        });
        Self(sender)
    }

    /// Hands a command in and waits until it is durable or refused.
    ///
    /// # Errors
    /// The command's refusal; [`Error::Overloaded`] at once if too much is waiting.
    pub async fn submit(&self, command: Command) -> Result<Answer, Error> {
        let (answer, outcome) = oneshot::channel();
        self.0
            .try_send(Waiting { command, answer })
            .map_err(|_| Error::Overloaded)?;
        outcome
            .await
            .unwrap_or_else(|_| Err(Error::Broken("the sequencer ended".to_owned())))
    }
}

struct Log {
    store: Store,
    seams: Seams,
    head: watch::Sender<feed::Head>,
}

impl Log {
    /// Commits a batch and answers everybody. If the database refuses it for no passing reason, it is tried in halves,
    /// so that the command that is at fault is found and fails alone.
    async fn carry_out(&self, batch: Vec<Waiting>) {
        let mut stack = vec![batch];
        while let Some(batch) = stack.pop() {
            let (commands, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|w| (w.command, w.answer)).unzip();
            let commands = Arc::new(commands);
            match self.commit(&commands).await {
                Ok(outcomes) => {
                    for (answer, outcome) in answers.into_iter().zip(outcomes) {
                        // A caller that went away finds its answer when it repeats the request.
                        drop(answer.send(outcome));
                    }
                }
                Err(error) if commands.len() > 1 && is_fault_of_a_command(&error) => {
                    let commands = Arc::unwrap_or_clone(commands);
                    let mut waiting: Vec<Waiting> = commands
                        .into_iter()
                        .zip(answers)
                        .map(|(command, answer)| Waiting { command, answer })
                        .collect();
                    let second = waiting.split_off(waiting.len() / 2);
                    stack.push(second);
                    stack.push(waiting);
                }
                Err(error) => {
                    for answer in answers {
                        drop(answer.send(Err(error.clone())));
                    }
                }
            }
        }
    }

    async fn commit(&self, commands: &Arc<Vec<Command>>) -> Result<Vec<Result<Answer, Error>>, Error> {
        let (seams, commands) = (self.seams.clone(), Arc::clone(commands));
        let (outcomes, head) = self
            .store
            .tx("journal.append", move |tx| {
                let (seams, commands) = (seams.clone(), Arc::clone(&commands));
                async move {
                    let mut batch = Batch::open(&tx, &seams, &commands).await?;
                    let mut outcomes = Vec::with_capacity(commands.len());
                    for command in commands.iter() {
                        outcomes.push(batch.carry_out(command));
                    }
                    let head = batch.store(&tx).await?;
                    Ok::<_, Error>((outcomes, head))
                }
            })
            .await?;
        self.head.send_replace(feed::Head {
            epoch: head.epoch,
            position: head.position,
        });
        Ok(outcomes)
    }
}

fn is_fault_of_a_command(error: &Error) -> bool {
    match error {
        Error::Store(error) => error.kind() == banggiao_store::Kind::Fault,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
