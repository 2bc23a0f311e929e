//! A run: writers, readers and a reporter at work while something goes wrong, and the history that they leave.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet};

use super::{
    asking,
    figures::Figure,
    history::{Command, Entry, History},
    ledger,
    office::{Office, Passing},
    settings::number,
    writing::{Tally, Writer},
};

/// Figures must be those of the log so soon after the last fault.
const CONVERGED: Duration = Duration::from_secs(5);

/// Who takes part in a run.
pub struct Party {
    pub seed: u64,
    /// Where they write; they share these.
    pub offices: Vec<Office>,
    pub writers: u64,
    /// Each reads at another of the offices.
    pub readers: usize,
    /// Somebody asks here for figures.
    pub reporter: Option<Office>,
    pub passing: Passing,
}

/// A run under way.
pub struct Run {
    pub tally: Arc<Tally>,
    begun: Instant,
    reporter: Option<Office>,
    until: watch::Sender<Option<usize>>,
    writers: JoinSet<Vec<Command>>,
    besides: Vec<Command>,
    readers: JoinSet<Vec<Entry>>,
    reporters: JoinSet<Vec<Figure>>,
    witnesses: JoinSet<Result<BTreeMap<i64, String>, String>>,
}

impl Run {
    pub fn start(party: Party) -> Self {
        let mut run = Self {
            tally: Arc::default(),
            begun: Instant::now(),
            reporter: party.reporter,
            until: watch::Sender::new(None),
            writers: JoinSet::new(),
            besides: Vec::new(),
            readers: JoinSet::new(),
            reporters: JoinSet::new(),
            witnesses: JoinSet::new(),
        };
        let mut offices = party.offices.iter().cycle();
        for number in 0..party.writers {
            let (office, tally) = (offices.next().expect("an office").clone(), Arc::clone(&run.tally));
            run.writers.spawn(async move {
                let writer = Writer::new(&office, party.seed, number, party.passing, &tally);
                writer.write(u64::MAX).await
            });
        }
        for office in party.offices.iter().cycle().take(party.readers) {
            run.readers.spawn(asking::follow(office.clone(), run.until.subscribe()));
        }
        let (office, tally) = (party.offices[0].clone(), Arc::clone(&run.tally));
        run.witnesses
            .spawn(async move { ledger::witness(office, &tally).await });
        if let Some(office) = run.reporter.clone() {
            let tally = Arc::clone(&run.tally);
            run.reporters
                .spawn(async move { asking::report(office, party.seed, &tally).await });
        }
        run
    }

    /// How many commands were acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.tally.acknowledged.load(Ordering::Relaxed)
    }

    /// Takes in what somebody else has written besides.
    pub fn add(&mut self, commands: Vec<Command>) {
        self.besides.extend(commands);
    }

    /// Fails at once if one of those who take part has failed.
    pub fn goes_on(&mut self) {
        if let Some(ended) = self.writers.try_join_next() {
            panic!("a writer ended: {ended:?}");
        }
        if let Some(ended) = self.reporters.try_join_next() {
            panic!("the reporter ended: {ended:?}");
        }
    }

    /// Ends the run once all is well again, and checks what happened. The log is read at `office`.
    pub async fn finish(self, office: &Office) -> History {
        self.tally.stop.store(true, Ordering::Relaxed);
        let calm = Instant::now();
        let mut history = History {
            commands: self.writers.join_all().await.into_iter().flatten().collect(),
            figures: self.reporters.join_all().await.into_iter().flatten().collect(),
            ..History::default()
        };
        history.commands.extend(self.besides);
        history.log = asking::log(office).await;
        let head = history.log.len();
        self.until.send_replace(Some(head));
        if let Some(reporter) = &self.reporter {
            let head = i64::try_from(head).expect("a position");
            let (figures, took) = asking::converged(reporter, head).await;
            let since = calm.elapsed();
            println!("figures were those of the log {took:?} after it was read, {since:?} after the last fault");
            assert!(took < CONVERGED, "reporting came after {took:?} only");
            history.figures.extend(figures);
        }
        history.received = self.readers.join_all().await;
        let witnessed = self
            .witnesses
            .join_all()
            .await
            .into_iter()
            .collect::<Result<Vec<_>, _>>();
        let kept = witnessed.map(|kept| kept.into_iter().flatten().collect::<BTreeMap<_, _>>());
        let checked = match &kept {
            Ok(kept) => ledger::check(office, kept).await.map(|entries| (entries, kept.len())),
            Err(fault) => Err(fault.clone()),
        };
        if let Err(fault) = history.check() {
            panic!("{fault}");
        }
        match checked {
            Ok((entries, kept)) => println!("{entries} entries of the ledger fit together and {kept} checkpoints"),
            Err(fault) => panic!("{fault}"),
        }
        println!(
            "{}\n  {head} in the log, {} figures and {} readers agree with it, {:?} in all",
            self.tally,
            history.figures.len(),
            history.received.len(),
            self.begun.elapsed()
        );
        history
    }
}

/// A run in which hardly anything was written proves nothing.
pub fn was_busy(history: &History, uptime: Duration) {
    let acknowledged = u32::try_from(history.acknowledged()).expect("a count");
    let rate = f64::from(acknowledged) / uptime.as_secs_f64();
    println!("  {rate:.0} changes per second of {uptime:?} uptime");
    let floor = u32::try_from(number("BANGGIAO_RATE", 20)).expect("a rate");
    assert!(
        rate >= f64::from(floor),
        "the run is not valid: {rate:.0} changes per second were acknowledged, and BANGGIAO_RATE asks for {floor}"
    );
}
