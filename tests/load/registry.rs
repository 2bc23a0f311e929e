//! A registry of a whole country: 12,000 units, 60,000 agreements. How long a page of a subtree, a unit as of a day and a
//! search take through the gateway, and how much memory the hierarchy needs, beside what we hold ourselves to.
//!
//! By hand: `cargo bench -p banggiao-tests --bench registry`. It is bounded: some minutes, most of them loading.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use banggiao_cli::{Connection, import};
use banggiao_contracts::registry::v1::{
    self as pb, agreement_service_client::AgreementServiceClient, search_service_client::SearchServiceClient,
    unit_service_client::UnitServiceClient,
};
use banggiao_model::{
    date::Date,
    hierarchy::{Act, Change, Hierarchy, Reorganization, UnitSeed},
    level::Level,
    name::UnitId,
};
use banggiao_rpc::channel::{self, Authorized, Bearer};
use banggiao_standalone::services::{Outside, Services};
use banggiao_testkit::HandClock;
use tonic::{Response, Status};

const PROVINCES: usize = 63;
const DISTRICTS: usize = 700;
const UNITS: usize = 12_000;
const PARTNERS: usize = 400;
const AGREEMENTS: usize = 60_000;
const ROUNDS: usize = 1_000;

const SYLLABLES: [&str; 40] = [
    "Tân", "Biên", "Châu", "Thành", "Hòa", "Bình", "Phước", "Long", "Đức", "Huệ", "Lộc", "Ninh", "Bù", "Đốp", "Đăng",
    "Gia", "Mập", "Mỹ", "Quý", "Tây", "Đông", "Thạnh", "Trị", "Hưng", "Điền", "Khánh", "Vĩnh", "Lợi", "Thuận", "An",
    "Xuân", "Sơn", "Hà", "Giang", "Thanh", "Phú", "Yên", "Đắk", "Nông", "Kiên",
];

/// A number that looks random and is the same in every run.
fn scattered(n: usize) -> usize {
    usize::try_from(banggiao_testkit::scattered(n as u64) >> 16).unwrap_or(0)
}

fn place(n: usize) -> String {
    let syllable = |salt| SYLLABLES[scattered(n * 7 + salt) % SYLLABLES.len()];
    if n.is_multiple_of(3) {
        format!("{} {} {}", syllable(1), syllable(2), syllable(3))
    } else {
        format!("{} {}", syllable(1), syllable(2))
    }
}

/// Id, kind, parent and name of a unit.
fn unit(n: usize) -> (String, &'static str, String, String) {
    if n == 0 {
        return ("region".into(), "MILITARY_REGION", String::new(), "Quân khu".into());
    }
    let (kind, parent, title) = if n <= PROVINCES {
        ("PROVINCIAL_COMMAND", 0, "Bộ Chỉ huy Quân sự tỉnh")
    } else if n <= PROVINCES + DISTRICTS {
        ("DISTRICT_COMMAND", 1 + n % PROVINCES, "Ban Chỉ huy Quân sự huyện")
    } else {
        (
            "COMMUNE_COMMAND",
            1 + PROVINCES + n % DISTRICTS,
            "Ban Chỉ huy Quân sự xã",
        )
    };
    let parent = if parent == 0 {
        "region".to_owned()
    } else {
        format!("unit-{parent}")
    };
    (format!("unit-{n}"), kind, parent, format!("{title} {}", place(n)))
}

fn units_csv() -> String {
    let mut text = "id,country,kind,parent,name_vi,name_en,name_km,start_date,end_date\n".to_owned();
    for n in 0..UNITS {
        let (id, kind, parent, name) = unit(n);
        let _written = writeln!(text, "{id},VN,{kind},{parent},{name},,,1976-05-02,");
    }
    for n in 0..PARTNERS {
        let name = format!("Chi khu Quân sự huyện {}", place(n + UNITS));
        let _written = writeln!(text, "kh-{n},KH,DISTRICT_COMMAND,,{name},,,1979-01-07,");
    }
    text
}

fn agreements_csv() -> String {
    let mut text = "id,kind,title_vi,sign_date,start_date,end_date,home_units,partner_units,parent\n".to_owned();
    for n in 0..AGREEMENTS {
        let (home, partner) = (
            1 + PROVINCES + scattered(n) % (UNITS - PROVINCES - 1),
            scattered(n + 1) % PARTNERS,
        );
        let (id, _, _, name) = unit(home);
        let (year, month, day) = (2005 + n % 20, 1 + n % 12, 1 + n % 28);
        let other = place(partner + UNITS);
        let _written = writeln!(
            text,
            "tw-{n},TWINNING,Thỏa thuận kết nghĩa {name} - Chi khu Quân sự huyện {other},{year}-{month:02}-{day:02},,,{id},kh-{partner},"
        );
    }
    text
}

/// Median and 95th percentile of many calls, one at a time.
async fn timed<F>(name: &str, budget_ms: Option<f64>, rounds: usize, call: impl Fn(usize) -> F)
where
    F: Future<Output = Result<usize, Status>>,
{
    let (mut times, mut rows) = (Vec::with_capacity(rounds), 0);
    for round in 0..rounds {
        let since = Instant::now();
        rows += call(round).await.expect("an answer");
        times.push(since.elapsed());
    }
    times.sort_unstable();
    let millis = |at: usize| times[at].as_secs_f64() * 1000.0;
    let (median, late) = (millis(rounds / 2), millis(rounds * 95 / 100));
    let held = budget_ms.map_or(String::new(), |budget| {
        format!("{budget:.0} ms {}", if median <= budget { "held" } else { "MISSED" })
    });
    println!("{name:<46} {median:>8.2} {late:>8.2} {:>8} {held:>14}", rows / rounds);
}

fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages * 4096
}

/// The hierarchy alone: every unit with three versions of its own.
fn hierarchy() -> (Hierarchy, usize) {
    let before = resident();
    let mut hierarchy = Hierarchy::default();
    let names = |text: String| Arc::new(BTreeMap::from([("vi".to_owned(), text)]));
    let id = |text: &str| UnitId::parse(text).expect("an id");
    let day = |text: &str| text.parse::<Date>().expect("a day");
    let mut position = 0;
    for n in 0..UNITS {
        let (text, kind, parent, name) = unit(n);
        let seed = UnitSeed {
            id: id(&text),
            country: "VN".into(),
            kind: kind.into(),
            level: Level::Commune,
            parent: (!parent.is_empty()).then(|| id(&parent)),
            names: names(name),
            start: day("1976-05-02"),
            end: None,
        };
        position += 1;
        hierarchy.apply(position, &Change::Unit(seed)).expect("a unit");
    }
    for effective in ["2008-08-01", "2025-07-01"] {
        for chunk in 0..UNITS.div_ceil(1000) {
            let acts = (chunk * 1000..UNITS.min((chunk + 1) * 1000)).map(|n| {
                let (text, _, _, name) = unit(n);
                Act::Rename {
                    unit: id(&text),
                    names: names(format!("{name} {effective}")),
                }
            });
            position += 1;
            let acts = Reorganization {
                id: format!("r{position}"),
                effective: day(effective),
                acts: acts.collect(),
            };
            hierarchy.apply(position, &Change::Reorganization(acts)).expect("acts");
        }
    }
    let bytes = resident().saturating_sub(before);
    (hierarchy, bytes)
}

#[tokio::main]
async fn main() {
    let (built, bytes) = hierarchy();
    #[allow(clippy::cast_precision_loss)]
    let megabytes = bytes as f64 / 1e6;
    println!(
        "hierarchy of {} units with three versions each: {megabytes:.0} MB (budget 50 MB)",
        built.len()
    );
    drop(built);

    let folder = tempfile::tempdir().expect("a folder");
    let clock = HandClock::at("2026-03-15T01:00:00Z");
    let services = Services::start(
        folder.path(),
        Outside::at("127.0.0.1:0"),
        banggiao_testkit::seams(clock),
    )
    .await
    .expect("the services start");
    let token = fs::read_to_string(folder.path().join("admin.token")).expect("a token");
    let connection = Connection::open(
        &services.address(),
        Some(token.trim().to_owned()),
        Duration::from_secs(60),
    )
    .expect("an address");
    for (name, text) in [("units.csv", units_csv()), ("agreements.csv", agreements_csv())] {
        let since = Instant::now();
        let rows = text.lines().count() - 1;
        let options = import::Options {
            files: vec![import::File::new(name, text.into_bytes()).expect("a known file")],
            ..import::Options::default()
        };
        let summary = import::run(&connection, &options).await.expect("an import");
        assert!(summary.clean(), "{:?}", summary.files);
        println!(
            "{name}: {rows} rows imported and shown in {:.1} s",
            since.elapsed().as_secs_f64()
        );
    }
    #[allow(clippy::cast_precision_loss)]
    let megabytes = resident() as f64 / 1e6;
    println!("the whole process with all four services then: {megabytes:.0} MB\n");
    let bearer = Bearer::new(token.trim()).expect("a token");
    let channel = channel::authorized(&services.address(), bearer).expect("an address");
    println!(
        "{:<46} {:>8} {:>8} {:>8} {:>14}",
        "through the gateway, one call at a time", "p50 ms", "p95 ms", "rows", "budget"
    );
    measure(&channel).await;
    services.stop().await.expect("a clean end");
}

async fn measure(channel: &Authorized) {
    let units = UnitServiceClient::new(channel.clone());
    let get = |round: usize| {
        let (mut units, n) = (units.clone(), scattered(round) % (UNITS - 1) + 1);
        let request = pb::GetUnitRequest {
            name: format!("units/unit-{n}"),
            as_of: "2010-01-01".to_owned(),
        };
        async move { units.get_unit(request).await.map(|_| 1) }
    };
    timed("GetUnit as of a day", Some(5.0), ROUNDS, get).await;
    let list = |subtree: &'static str, page_size| {
        let units = units.clone();
        move |_: usize| {
            let mut units = units.clone();
            let request = pb::ListUnitsRequest {
                filter: Some(pb::UnitFilter {
                    subtree: subtree.to_owned(),
                    ..pb::UnitFilter::default()
                }),
                page_size,
                ..pb::ListUnitsRequest::default()
            };
            async move {
                units
                    .list_units(request)
                    .await
                    .map(|page| page.into_inner().units.len())
            }
        }
    };
    timed(
        "ListUnits, a page of a province",
        Some(5.0),
        ROUNDS,
        list("units/unit-5", 50),
    )
    .await;
    timed(
        "ListUnits, a page of the region",
        Some(5.0),
        ROUNDS,
        list("units/region", 50),
    )
    .await;
    timed("ListUnits, 1,000 of the region", None, 200, list("units/region", 1000)).await;
    let agreements = AgreementServiceClient::new(channel.clone());
    let by_unit = |round: usize| {
        let (mut agreements, n) = (agreements.clone(), 1 + scattered(round) % PROVINCES);
        let request = pb::ListAgreementsRequest {
            filter: Some(pb::AgreementFilter {
                unit: format!("units/unit-{n}"),
                ..pb::AgreementFilter::default()
            }),
            ..pb::ListAgreementsRequest::default()
        };
        async move {
            let page: Result<Response<_>, _> = agreements.list_agreements(request).await;
            page.map(|page| page.into_inner().agreements.len())
        }
    };
    timed("ListAgreements of a province", None, 200, by_unit).await;
    let search = SearchServiceClient::new(channel.clone());
    let kinds = [
        ("selective", ["dak nong", "bù đốp", "gia map", "quý lợi"], Some(5.0)),
        (
            "middling",
            ["tay ninh", "Tân Biên", "xa hoa binh", "huyen loc ninh"],
            Some(5.0),
        ),
        ("common", ["quan su", "Chỉ huy", "ket nghia", "chqs"], Some(5.0)),
        (
            "abbreviated",
            ["bchqs tan bien", "chqs huyen", "bch", "chqs xa phu yen"],
            None,
        ),
    ];
    for (kind, queries, budget) in kinds {
        let find = |round: usize| {
            let (mut search, query) = (search.clone(), queries[round % queries.len()]);
            let request = pb::SearchRequest {
                query: query.to_owned(),
                ..pb::SearchRequest::default()
            };
            async move { search.search(request).await.map(|page| page.into_inner().results.len()) }
        };
        timed(&format!("Search, {kind}: {}", queries.join(", ")), budget, 200, find).await;
    }
}
