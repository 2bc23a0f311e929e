//! A database with two processes on it, and what the model knows of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use banggiao_ledger::{Frontier, Note, PublicKey};
use banggiao_store::{Kind as FaultKind, snapshot};
use prost::Message;
use tokio::sync::Mutex;

use super::{Dice, reorganizations::reorganized, *};
use crate::{
    ledger::{Issued, Signed, Step as OfKeys, tree_of, unsigned},
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
    /// How many were begun.
    processes: AtomicU32,
    /// What was acknowledged, by request.
    acknowledged: BTreeMap<u64, Event>,
    /// Requests of which nobody knows how they ended.
    unknown: BTreeSet<u64>,
    /// Those without an id, which nobody can repeat.
    nameless: BTreeSet<u64>,
    /// Entries of which it is known that nobody asked for them.
    declarations: usize,
    /// How many reorganisations the registry has.
    reorganised: i64,
    /// Changes of keys that were acknowledged.
    changes: Vec<pb::LedgerKeyChange>,
    /// Reports that were acknowledged.
    reports: Vec<pb::LedgerReport>,
    checkpoints: Mutex<Vec<Signed>>,
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
            processes: AtomicU32::new(1),
            acknowledged: BTreeMap::new(),
            unknown: BTreeSet::new(),
            nameless: BTreeSet::new(),
            declarations: 0,
            reorganised: 0,
            changes: Vec::new(),
            reports: Vec::new(),
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
        let begun = self.processes.fetch_add(1, Ordering::Relaxed);
        let seams = banggiao_testkit::seams_of(HandClock::at("2026-03-15T01:00:00Z"), begun);
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
        self.reorganised += i64::from(dice.one_in(4));
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
        if dice.one_in(4) {
            self.change_keys(dice).await?;
        }
        if dice.one_in(4) {
            self.enter_report(dice).await?;
        }
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
        // One replica may be behind the other in what it knows.
        let known = self.reorganised - i64::from(dice.one_in(2));
        command.authority.directory = reorganized(known.max(0));
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
                    Some(before) if before != event => {
                        Err(format!("request {request} has two answers: {before:?}, {event:?}"))
                    }
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

    /// Another key, or one less, at a replica which may die of it.
    async fn change_keys(&mut self, dice: &mut Dice) -> Checked {
        let ledger = Arc::clone(&self.replicas[dice.below(self.replicas.len())].ledger);
        let step = if dice.one_in(2) { OfKeys::Rotate } else { OfKeys::Retire };
        self.requests += 1;
        let declared = Declared {
            principal: "writer".into(),
            reason: "it is time".to_owned(),
            request: Some((Uuid::from_u64_pair(8, self.requests), [1; 32])),
        };
        let changing = tokio::spawn(async move {
            let known = feed::Head::default();
            let changed = ledger.change_keys(step, declared.clone(), known).await;
            // Whoever repeats it gets the same answer, and changes nothing.
            match changed {
                Ok(change) => ledger
                    .change_keys(step, declared, known)
                    .await
                    .map(|again| (change, again)),
                Err(error) => Err(error),
            }
        });
        match changing.await {
            Ok(Ok((change, again))) if change == again => self.changes.push(change.0),
            Ok(Ok(other)) => return Err(format!("a change of keys has two answers: {other:?}")),
            Ok(Err(Error::Precondition { .. })) => {}
            Ok(Err(error)) => return Err(format!("the keys were not changed: {error}")),
            // It died, or the other one did when it looked at the files.
            Err(_) => {}
        }
        Ok(())
    }

    /// A new report, or one that is entered already, at a replica.
    async fn enter_report(&mut self, dice: &mut Dice) -> Checked {
        self.requests += 1;
        let known = self.reports.get(dice.below(2 * self.reports.len() + 1)).cloned();
        let report = known.unwrap_or_else(|| pb::LedgerReport {
            report: format!("reports/r{}", self.requests),
            digest: vec![u8::try_from(self.requests % 251).unwrap(); 32],
            ..pb::LedgerReport::default()
        });
        let issued = Issued {
            id: report.report.trim_start_matches("reports/").to_owned(),
            report: report.clone(),
            principal: "reporting".into(),
            directory: reorganized(self.reorganised),
        };
        let ledger = &self.replicas[dice.below(self.replicas.len())].ledger;
        let entered = ledger.enter(issued, feed::Head::default()).await;
        let entered = entered.map_err(|error| error.to_string())?;
        match self.reports.iter().find(|before| before.report == entered.report) {
            Some(before) if *before != entered => Err(format!("{} has two answers", entered.report)),
            Some(_) => Ok(()),
            None => {
                self.reports.push(entered);
                Ok(())
            }
        }
    }

    /// Looks at the newest checkpoint of a replica, which may die of it.
    async fn look(&self, at: usize) {
        let ledger = Arc::clone(&self.replicas[at].ledger);
        let head = head::read(self.bench.store.reader()).await.unwrap();
        let signed = tokio::spawn(async move { ledger.checkpoint(unsigned(head.position)).await });
        if let Ok(Ok(signed)) = signed.await {
            self.checkpoints.lock().await.push(signed);
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
            .retain(|signed| signed.checkpoint.size <= unsigned(kept));
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
        self.check_others(&rows)?;
        let mut requests: Vec<_> = rows.iter().filter_map(|row| row.request_id).collect();
        requests.sort_unstable();
        if requests.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("a request was carried out twice".to_owned());
        }
        let asked = |row: &&revision::Model| [1, 2].contains(&row.kind);
        if rows.iter().filter(asked).count() > self.acknowledged.len() + self.unknown.len() + self.declarations {
            return Err("something is there that nobody asked for".to_owned());
        }
        let last = self.replica().await;
        let terms = last.ledger.terms().await.map_err(|error| error.to_string())?;
        let epoch = head::read(self.bench.store.reader()).await.unwrap().epoch;
        for Signed {
            checkpoint,
            note,
            epoch: of,
            ..
        } in &*self.checkpoints.lock().await
        {
            let size = checkpoint.size;
            if roots.get(usize::try_from(size).unwrap()) != Some(&checkpoint.root) {
                return Err(format!("the checkpoint of {size} entries is not of this log"));
            }
            // All that sign for its size have signed it, and nobody else.
            let due = terms.at(size);
            let all: Vec<PublicKey> = terms.all().iter().map(|term| term.key.clone()).collect();
            let signers = Note::parse(note)
                .unwrap()
                .signers(&all)
                .map(|keys| keys.into_iter().cloned().collect());
            if *of == epoch && signers != Ok(due) {
                return Err(format!("the checkpoint of {size} entries is signed by {signers:?}"));
            }
        }
        let head = head::read(self.bench.store.reader()).await.unwrap();
        if tree_of(&head).ok() != Some(tree) {
            return Err("the tree kept with the head is not that of the log".to_owned());
        }
        match last.ledger.state() {
            State::Sound => Ok(()),
            state => Err(format!("a log that nobody touched is {state:?}")),
        }
    }

    /// What stands there beside events: each reorganisation once, before what was authorised in knowledge of it; each change
    /// of keys and each report that was acknowledged.
    fn check_others(&self, rows: &[revision::Model]) -> Checked {
        let mut noted = directory().position();
        for row in rows {
            match Kind::from_number(u8::try_from(row.kind).unwrap()) {
                Some(Kind::Reorganization) if row.registry_position == noted + 1 => noted += 1,
                Some(Kind::EventRevision | Kind::Report) if row.registry_position <= noted => {}
                Some(Kind::Recovery | Kind::KeyChange) => {}
                kind => {
                    let (index, at) = (row.log_index, row.registry_position);
                    return Err(format!(
                        "entry {index}, {kind:?} at {at}, stands where {noted} is known"
                    ));
                }
            }
        }
        let at = |index: i64| rows.get(usize::try_from(index - 1).unwrap());
        for change in &self.changes {
            let stands = at(change.log_index).and_then(|row| pb::LedgerKeyChange::decode(row.content.as_slice()).ok());
            if stands.is_none_or(|stands| stands.note != change.note) {
                return Err(format!("the change of keys {} is not there", change.log_index));
            }
        }
        for report in &self.reports {
            let of_report = rows
                .iter()
                .filter(|row| report.report == format!("reports/{}", row.event_id));
            let places: Vec<i64> = of_report.map(|row| row.log_index).collect();
            if places != [report.log_index] {
                return Err(format!(
                    "{} stands at {places:?}, and was told to at {}",
                    report.report, report.log_index
                ));
            }
        }
        Ok(())
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
