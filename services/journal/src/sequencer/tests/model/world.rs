//! A database with two processes on it, and what the model knows of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use banggiao_ledger::{Checkpoint, Frontier, Hash};
use banggiao_store::{Kind as FaultKind, snapshot};
use tokio::sync::Mutex;

use super::{Dice, *};
use crate::{
    ledger::{tree_of, unsigned},
    trial::{Lost, Moment, Trial},
};

/// Why something is wrong, if it is.
pub type Checked = Result<(), String>;

/// One process on the database.
struct Replica {
    ledger: Arc<Ledger>,
    sequencer: Sequencer,
    trial: Arc<Trial>,
}

pub struct World {
    bench: Bench,
    config: config::Ledger,
    planted: Option<Fault>,
    replicas: Vec<Replica>,
    /// What was acknowledged, by request.
    acknowledged: BTreeMap<u64, Event>,
    /// Requests of which nobody knows how they ended.
    unknown: BTreeSet<u64>,
    /// Those without an id, which nobody can repeat.
    nameless: BTreeSet<u64>,
    /// Entries of which it is known that nobody asked for them.
    declarations: usize,
    checkpoints: Mutex<Vec<(u64, Hash)>>,
    requests: u64,
}

impl World {
    pub async fn new(planted: Option<Fault>) -> Self {
        let bench = Bench::in_memory().await;
        let config = ledger_in(bench.folder.path());
        let mut world = Self {
            bench,
            config,
            planted,
            replicas: Vec::new(),
            acknowledged: BTreeMap::new(),
            unknown: BTreeSet::new(),
            nameless: BTreeSet::new(),
            declarations: 0,
            checkpoints: Mutex::default(),
            requests: 0,
        };
        for _ in 0..2 {
            let replica = world.replica().await;
            world.replicas.push(replica);
        }
        world
    }

    async fn replica(&self) -> Replica {
        let seams = banggiao_testkit::seams(HandClock::at("2026-03-15T01:00:00Z"));
        let (trial, store) = (Trial::with(self.planted), self.bench.store.clone());
        let ledger = Ledger::open_on(store.clone(), &self.config, seams.clone(), Arc::clone(&trial))
            .await
            .unwrap();
        let head = head::read(store.reader()).await.unwrap();
        let head = watch::Sender::new(feed::Head {
            epoch: head.epoch,
            position: head.position,
        });
        let sequencer = Sequencer::start(store, seams, head, Arc::clone(&ledger)).unwrap();
        Replica {
            ledger,
            sequencer,
            trial,
        }
    }

    /// Many commands that nothing befalls.
    pub async fn fill(&mut self, count: u64) -> Checked {
        let request = |n: u64| 1_000_000 + n;
        let commands = (0..count).map(|n| self.command_of(request(n), format!("efill{n}")));
        let group = Group {
            commands: commands.collect(),
            together: false,
        };
        let pending = self.replicas[0].sequencer.hand_in(group).unwrap();
        for (n, outcome) in (0..count).zip(pending.outcomes().await.unwrap()) {
            self.ended(request(n), outcome)?;
        }
        Ok(())
    }

    /// A few commands at once, whatever befalls the processes meanwhile; then whoever died begins anew.
    pub async fn round(&mut self, dice: &mut Dice) -> Checked {
        self.befall(dice);
        let mut pending = Vec::new();
        for _ in 0..=dice.below(5) {
            let (request, command) = self.command(dice);
            let group = Group {
                commands: vec![command],
                together: false,
            };
            let replica = &self.replicas[dice.below(self.replicas.len())];
            pending.push((request, replica.sequencer.hand_in(group)));
        }
        self.together(dice).await?;
        if dice.one_in(2) {
            self.look(dice.below(self.replicas.len())).await;
        }
        for (request, pending) in pending {
            let outcome = match pending {
                Ok(pending) => pending.outcomes().await.map(|mut outcomes| outcomes.remove(0)),
                Err(Error::Overloaded) => Err(ended()),
                Err(error) => Err(error),
            };
            self.ended(request, outcome.and_then(|outcome| outcome))?;
        }
        self.begin_anew().await
    }

    fn befall(&self, dice: &mut Dice) {
        for replica in &self.replicas {
            if dice.one_in(3) {
                let moment = Moment::ALL[dice.below(Moment::ALL.len())];
                replica.trial.dies_at(moment, u32::try_from(dice.below(3) + 1).unwrap());
            }
            if dice.one_in(3) {
                replica
                    .trial
                    .loses(if dice.one_in(2) { Lost::Request } else { Lost::Answer });
            }
        }
    }

    async fn begin_anew(&mut self) -> Checked {
        for at in 0..self.replicas.len() {
            if self.replicas[at].trial.is_dead() {
                self.replicas[at] = self.replica().await;
            }
            match self.replicas[at].ledger.state() {
                State::Sound => {}
                state => return Err(format!("a log that nobody touched is {state:?}")),
            }
        }
        Ok(())
    }

    /// A new command, one that was acknowledged, or one of which nobody knows.
    fn command(&mut self, dice: &mut Dice) -> (u64, Command) {
        let some = |keys: Vec<u64>, dice: &mut Dice| keys.get(dice.below(keys.len().max(1))).copied();
        let named = |key: &&u64| !self.nameless.contains(key);
        let sort = dice.below(5);
        let known = match sort {
            0 => some(self.acknowledged.keys().filter(named).copied().collect(), dice),
            1 => some(self.unknown.iter().filter(named).copied().collect(), dice),
            _ => None,
        };
        self.requests += 1;
        // Whoever repeats a request drafts another id; only the first is ever stored.
        let id = format!("e{}", self.requests);
        let request = known.unwrap_or(self.requests);
        let mut command = self.command_of(request, id);
        if sort == 2 {
            self.nameless.insert(request);
            command.repetition = None;
        }
        (request, command)
    }

    /// The same content for the same request, under whatever id was drafted.
    fn command_of(&self, request: u64, id: String) -> Command {
        self.bench.command(request, self.bench.log(id, request % 1000))
    }

    fn ended(&mut self, request: u64, outcome: Result<Answer, Error>) -> Checked {
        let died = ended().to_string();
        match outcome {
            Ok(answer) => {
                let event = (*answer.events[0]).clone();
                self.unknown.remove(&request);
                match self.acknowledged.insert(request, event.clone()) {
                    Some(before) if before != event => Err(format!("request {request} has two answers")),
                    _ => Ok(()),
                }
            }
            // It died, or the database was away: whoever asked repeats it.
            Err(Error::Broken(why)) if why == died => self.nobody_knows(request),
            Err(Error::Store(error)) if error.kind() != FaultKind::Fault => self.nobody_knows(request),
            Err(error) => Err(format!("request {request} was answered with {error}")),
        }
    }

    fn nobody_knows(&mut self, request: u64) -> Checked {
        if !self.acknowledged.contains_key(&request) {
            self.unknown.insert(request);
        }
        Ok(())
    }

    /// Two commands of which the second cannot be carried out.
    async fn together(&mut self, dice: &mut Dice) -> Checked {
        if !dice.one_in(3) {
            return Ok(());
        }
        self.requests += 2;
        let absent = Target::Id {
            id: "eabsent".to_owned(),
            etag: "1-0".to_owned(),
        };
        let good = self.bench.log(format!("e{}", self.requests), 1);
        let group = Group {
            commands: vec![
                self.bench.command(self.requests - 1, good),
                self.bench.command(self.requests, Step::Submit(absent)),
            ],
            together: true,
        };
        let replica = &self.replicas[dice.below(self.replicas.len())];
        let Ok(pending) = replica.sequencer.hand_in(group) else {
            return Ok(());
        };
        match pending.outcomes().await {
            Ok(outcomes) if outcomes.iter().any(Result::is_ok) => Err("a half of what belongs together".to_owned()),
            _ => Ok(()),
        }
    }

    /// Looks at the newest checkpoint of a replica, which may die of it.
    async fn look(&self, at: usize) {
        let ledger = Arc::clone(&self.replicas[at].ledger);
        let head = head::read(self.bench.store.reader()).await.unwrap();
        let signed = tokio::spawn(async move { ledger.checkpoint(unsigned(head.position)).await });
        if let Ok(Ok(signed)) = signed.await {
            let Checkpoint { size, root, .. } = signed.checkpoint;
            self.checkpoints.lock().await.push((size, root));
        }
    }

    /// The database is set back to what it was before something that was signed. It must be refused, and go on after a
    /// recovery.
    pub async fn set_back(&mut self, dice: &mut Dice) -> Checked {
        let copy = self.bench.copy().await;
        let kept = head::read(self.bench.store.reader()).await.unwrap().position;
        self.replicas.truncate(1);
        self.replicas[0] = self.replica().await;
        self.requests += 1;
        let given_up = self.command_of(self.requests, format!("e{}", self.requests));
        let outcome = self.replicas[0].sequencer.submit(given_up).await;
        outcome.map_err(|error| error.to_string())?;
        self.look(0).await;

        self.bench.store = Store::open::<Migrator>(&copy).await.unwrap();
        self.replicas[0] = self.replica().await;
        let replica = &self.replicas[0];
        if replica.ledger.state() == State::Sound {
            return Err("a database that was set back is taken for sound".to_owned());
        }
        self.requests += 1;
        let refused = self.command_of(self.requests, format!("e{}", self.requests));
        if !matches!(replica.sequencer.submit(refused).await, Err(Error::Frozen(_))) {
            return Err("a frozen log takes something in".to_owned());
        }
        let declared = Declared {
            principal: "writer".into(),
            reason: "set back".to_owned(),
            request: None,
        };
        let declared = replica.ledger.recover(declared, false).await;
        declared.map_err(|error| error.to_string())?;
        self.declarations += 1;
        self.checkpoints
            .lock()
            .await
            .retain(|(size, _)| *size <= unsigned(kept));
        self.round(dice).await
    }

    /// The log is what was acknowledged, and what was signed.
    pub async fn check(&self) -> Checked {
        let rows = self.bench.log_rows().await;
        let mut tree = Frontier::default();
        let mut roots = vec![tree.root()];
        for (place, row) in (1..).zip(&rows) {
            if row.log_index != place {
                return Err(format!("entry {} stands where {place} was expected", row.log_index));
            }
            tree.push(row.leaf_hash.as_slice().try_into().unwrap(), |_, _| {});
            roots.push(tree.root());
        }
        for (request, event) in &self.acknowledged {
            let row = rows.get(usize::try_from(event.log_index - 1).unwrap());
            if row.and_then(|row| row.decode().ok()?.event).as_ref() != Some(event) {
                return Err(format!("request {request} was acknowledged and is not there"));
            }
        }
        let mut requests: Vec<_> = rows.iter().filter_map(|row| row.request_id).collect();
        requests.sort_unstable();
        if requests.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("a request was carried out twice".to_owned());
        }
        if rows.len() > self.acknowledged.len() + self.unknown.len() + self.declarations {
            return Err("something is there that nobody asked for".to_owned());
        }
        for (size, root) in &*self.checkpoints.lock().await {
            if roots.get(usize::try_from(*size).unwrap()) != Some(root) {
                return Err(format!("the checkpoint of {size} entries is not of this log"));
            }
        }
        let head = head::read(self.bench.store.reader()).await.unwrap();
        if tree_of(&head).ok() != Some(tree) {
            return Err("the tree kept with the head is not that of the log".to_owned());
        }
        match self.replica().await.ledger.state() {
            State::Sound => Ok(()),
            state => Err(format!("a log that nobody touched is {state:?}")),
        }
    }
}

impl Bench {
    /// On a file in memory where the system has such a place; a database that was migrated once is copied for each.
    async fn in_memory() -> Self {
        static MIGRATED: tokio::sync::OnceCell<Vec<u8>> = tokio::sync::OnceCell::const_new();
        let folder = folder_in_memory();
        let migrated = MIGRATED.get_or_init(|| async {
            let bench = Self::new().await;
            std::fs::read(bench.copy_path().await).unwrap()
        });
        let file = folder.path().join("journal.db");
        std::fs::write(&file, migrated.await).unwrap();
        let url = format!("sqlite:{}", file.display());
        Self::on(folder, url).await
    }

    /// A copy of the database as it is.
    async fn copy(&self) -> String {
        format!("sqlite:{}", self.copy_path().await.display())
    }

    async fn copy_path(&self) -> PathBuf {
        let folder = self.folder.path();
        let to = folder.join("copy.db");
        snapshot::copy(&folder.join("journal.db"), &to).await.unwrap();
        to
    }
}
