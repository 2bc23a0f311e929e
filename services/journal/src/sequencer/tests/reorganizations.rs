//! Reorganisations stand in the log once each, in the registry's order, before whatever was authorised in knowledge of them,
//! whoever of several replicas hears of them first; and what is refused brings none of them in.

use banggiao_contracts::registry::v1::{
    Rename, Reorganization, ReorganizationAct, ReorganizationRevocation, reorganization_act::Act,
};
use prost::Message;

use super::*;

/// The registry after so many reorganisations, of which every third revokes the one before.
pub fn reorganized(count: i64) -> Arc<Directory> {
    let mut known = (*directory()).clone();
    let first = known.position() + 1;
    for position in first..first + count {
        let resource = match (position - first) % 3 {
            2 => Resource::ReorganizationRevocation(ReorganizationRevocation {
                reorganization: format!("reorganizations/g{}", position - 1),
                legal_basis: "Quyết định".to_owned(),
                registry_position: position,
                ..ReorganizationRevocation::default()
            }),
            _ => Resource::Reorganization(Reorganization {
                name: format!("reorganizations/g{position}"),
                effective_date: format!("2024-{:02}-{:02}", 1 + position / 28, 1 + position % 28),
                legal_basis: "Quyết định".to_owned(),
                acts: vec![ReorganizationAct {
                    act: Some(Act::Rename(Rename {
                        unit: "units/tayninh".to_owned(),
                        names: [("vi".to_owned(), format!("Tây Ninh {position}"))].into(),
                    })),
                }],
                registry_position: position,
                ..Reorganization::default()
            }),
        };
        let change = registry::Change {
            position,
            epoch: 1,
            resource: Some(resource),
            ..registry::Change::default()
        };
        known.apply(&change).unwrap();
    }
    Arc::new(known)
}

impl Bench {
    /// A command of a caller who knows of so many reorganisations.
    fn knowing(&self, count: i64, request: u64) -> Command {
        let mut command = self.command(request, self.log(format!("e{request}"), 1));
        command.authority.directory = reorganized(count);
        command
    }

    /// What stands in the log: the registry position of a reorganisation, or that at which a revision was authorised.
    async fn told(&self) -> Vec<(Kind, i64)> {
        let rows = self.log_rows().await;
        let mut number = 0;
        let told = rows.iter().map(|row| {
            let kind = Kind::from_number(u8::try_from(row.kind).unwrap()).unwrap();
            if kind == Kind::Reorganization {
                number += 1;
                assert_eq!((row.event_id.as_str(), row.number), (revision::REORGANIZATION, number));
                let told = pb::LedgerReorganization::decode(row.content.as_slice()).unwrap();
                assert_eq!(
                    (told.registry_position, told.registry_epoch),
                    (row.registry_position, 1)
                );
                assert!(told.change.is_some());
            }
            (kind, row.registry_position)
        });
        told.collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stands_once_before_what_knows_of_it() {
    for bench in Bench::on_each("reorganizations").await {
        let replica = bench.replica().await;
        let bench = Arc::new(bench);
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..6_u64 {
            let (bench, replica) = (Arc::clone(&bench), replica.clone());
            writers.spawn(async move {
                for n in 0..20_u64 {
                    // Some callers stand at replicas that are behind in what they know.
                    let known = i64::try_from((n + writer % 3).saturating_sub(2) / 2).unwrap();
                    let sequencer = if writer % 2 == 0 { &bench.sequencer } else { &replica };
                    sequencer.submit(bench.knowing(known, writer * 100 + n)).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        let told = bench.told().await;
        let first = directory().position() + 1;
        let of_registry: Vec<i64> = told
            .iter()
            .filter(|(kind, _)| *kind == Kind::Reorganization)
            .map(|(_, at)| *at)
            .collect();
        assert_eq!(of_registry, (first..first + 9).collect::<Vec<_>>());
        let mut noted = first - 1;
        for (kind, at) in &told {
            match kind {
                Kind::Reorganization => noted = *at,
                _ => assert!(noted >= *at, "authorised at {at}, and the log knows {noted}"),
            }
        }
        assert_eq!(told.len(), 6 * 20 + 9);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_or_only_tried_brings_none_in() {
    for bench in Bench::on_each("reorganizations_refused").await {
        bench.sequencer.submit(bench.knowing(1, 1)).await.unwrap();
        let before = bench.told().await;
        assert_eq!(before.len(), 2);
        let mut tried = bench.knowing(2, 2);
        tried.validate_only = true;
        bench.sequencer.submit(tried).await.unwrap();
        let mut refused = bench.knowing(2, 3);
        refused.step = Step::Submit(Target::Id {
            id: "nothing".to_owned(),
            etag: String::new(),
        });
        assert!(bench.sequencer.submit(refused.clone()).await.is_err());
        // A repetition is answered as before, whatever its caller knows by now.
        let again = bench.sequencer.submit(bench.knowing(2, 1)).await.unwrap();
        assert!(again.repeated);
        // Of commands that are carried out all or none, one is refused after another has brought the reorganisation in.
        let group = Group {
            commands: vec![bench.knowing(2, 4), refused],
            together: true,
        };
        let outcomes = bench.sequencer.hand_in(group).unwrap().outcomes().await.unwrap();
        assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
        assert_eq!(bench.told().await, before);
        // What comes next in the same transaction brings it in all the same.
        bench.sequencer.submit(bench.knowing(2, 5)).await.unwrap();
        assert_eq!(bench.told().await.len(), 4);
    }
}
