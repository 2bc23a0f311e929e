//! `demo`: the main job, shown. A fresh installation imports the sample and answers with the thirteen published figures,
//! six months beside the same six a year before, and the same year restated to the provinces of today.

use std::path::PathBuf;

use anyhow::Context;
use banggiao_cli::{
    Connection, Error, Globals, Lang, Output,
    figures::{self, Compare, Query},
    globals::Session,
    import, output,
    table::{Cell, Column, Table},
};
use banggiao_contracts::reporting::v1 as pb;
use banggiao_runtime::{Seams, process, telemetry};
use std::{fs, io::IsTerminal, time::Duration};

use crate::{
    sample,
    services::{Outside, Services},
};

/// The published figures by their ids in the sample's `figures.csv`, each with the indicator that must give it.
const PUBLISHED: [(&str, &str); 13] = [
    ("mr7-received-delegations", "delegations-received"),
    ("mr7-received-persons", "persons-received"),
    ("mr7-study-delegations", "study-delegations-received"),
    ("mr7-study-persons", "study-persons-received"),
    ("mr7-diplomatic-events", "diplomatic-events"),
    ("mr7-upper-level-partner-signings", "upper-level-partner-signings"),
    ("mr7-district-level-units", "district-level-units"),
    ("mr7-district-level-partners", "district-level-partners"),
    ("tayninh-h1-2024-outbound-delegations", "delegations-sent"),
    ("tayninh-h1-2024-outbound-persons", "persons-sent"),
    ("tayninh-h1-2024-inbound-delegations", "delegations-received"),
    ("tayninh-h1-2024-inbound-persons", "persons-received"),
    ("k70-k71-remains", "remains-recovered"),
];
/// The day on which the provinces of today began.
const TODAYS_PROVINCES: &str = "2025-07-01";

/// Where to run, and for how long.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder for everything that is kept [default: a temporary one].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address to listen on [default: a free port on loopback].
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Listen in plain text even where other machines can reach the address.
    #[arg(long)]
    allow_plaintext: bool,
    /// End when everything is shown, instead of serving until Ctrl-C.
    #[arg(long)]
    exit: bool,
}

/// Shows everything, and serves until it is asked to end.
pub async fn run(args: Args, globals: &Globals) -> Result<(), Error> {
    telemetry::init("warn", false);
    let temporary = match &args.data_dir {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("banggiao-demo-")
                .tempdir()
                .context("no temporary folder")?,
        ),
    };
    let folder = args
        .data_dir
        .as_deref()
        .or_else(|| temporary.as_ref().map(tempfile::TempDir::path));
    let folder = folder.context("no folder")?;
    let listen = args.listen.as_deref().unwrap_or("127.0.0.1:0");
    let outside = Outside {
        allow_plaintext: args.allow_plaintext,
        ..Outside::at(listen)
    };
    let services = Services::start(folder, outside, Seams::default()).await?;
    let shutdown = services.shutdown();
    tokio::spawn(process::cancel_on_signal(shutdown.clone()));
    // An interrupt ends the show as well as the serving; a fault of the show ends the serving.
    let shown = tokio::select! {
        shown = show(&services, globals, args.exit) => shown,
        () = shutdown.cancelled() => Ok(()),
    };
    if args.exit || shown.is_err() {
        shutdown.cancel();
    }
    let ended = services.ended().await.map_err(Error::Failure);
    shown.and(ended)
}

async fn show(services: &Services, globals: &Globals, exit: bool) -> Result<(), Error> {
    let lang = globals.language();
    let token_file = services.data_dir().admin_token();
    let token = fs::read_to_string(&token_file).context("the administrator's token is not there")?;
    let timeout = Duration::from_secs(globals.timeout);
    let connection = Connection::open(&services.address(), Some(token.trim().to_owned()), timeout)?.with_language(lang);
    let session = Session {
        connection,
        output: Output::Table,
        lang,
    };

    heading(lang.pick("The sample data", "Dữ liệu mẫu"))?;
    let progress = std::io::stderr().is_terminal();
    let options = import::Options {
        files: sample::files(),
        progress,
        ..import::Options::default()
    };
    let summary = import::run(&session.connection, &options).await?;
    import::report::print_rejections(&summary);
    import::report::print(&session, &summary, false)?;
    if !summary.clean() {
        return Err(Error::Reported);
    }

    heading(lang.pick(
        "The published figures, and what comes out of the single events and agreements",
        "Số liệu đã công bố, và số liệu tính từ từng hoạt động, từng thỏa thuận",
    ))?;
    published(&session).await?;
    heading(lang.pick(
        "Tây Ninh, first six months of 2024 beside those of 2023",
        "Tây Ninh, 6 tháng đầu năm 2024 so với cùng kỳ năm 2023",
    ))?;
    figures::run(&session, &six_months(None)).await?;
    heading(lang.pick(
        "The same six months under today's Tây Ninh, which Long An joined on 1 July 2025",
        "Vẫn 6 tháng ấy, theo tỉnh Tây Ninh hiện nay (hợp nhất Long An từ ngày 01/7/2025)",
    ))?;
    figures::run(&session, &six_months(Some(TODAYS_PROVINCES))).await?;
    if exit {
        return Ok(());
    }
    heading(lang.pick("Now try it yourself", "Mời bạn thử"))?;
    output::data(&invitation(services, lang))
}

fn six_months(restate: Option<&str>) -> figures::Args {
    let query = Query {
        unit: "units/tayninh".to_owned(),
        period: Some("calendars/civil/periods/2024-h1".to_owned()),
        restate: restate.map(str::to_owned),
        ..Query::default()
    };
    figures::Args {
        query,
        compare: Some(Compare::PreviousYear),
    }
}

/// Asks for each published figure by its indicator, shows both numbers, and fails if they differ.
async fn published(session: &Session) -> Result<(), Error> {
    let lang = session.lang;
    let rows = sample::figures()?;
    let mut table = Table::new(vec![
        Column::new("figure", lang.pick("Figure", "Chỉ tiêu")),
        Column::new("unit", lang.pick("Unit", "Đơn vị")),
        Column::new("period", lang.pick("Period", "Thời gian")),
        Column::new("published", lang.pick("Published", "Công bố")),
        Column::new("computed", lang.pick("Computed", "Tính được")),
        Column::new("records", lang.pick("Records", "Bản ghi")),
        Column::new("source", lang.pick("Source", "Nguồn")),
    ]);
    let mut wrong = Vec::new();
    for (id, indicator) in PUBLISHED {
        let row = rows
            .iter()
            .find(|row| row.id == id)
            .with_context(|| format!("figures.csv lacks {id}"));
        let row = row?;
        let name = format!("indicators/{indicator}");
        let cell = ask(session, row, &name).await?;
        if cell.value != row.value {
            wrong.push(format!("{id}: published {}, computed {}", row.value, cell.value));
        }
        table.push(vec![
            Cell::text(indicator_name(session, &name).await?),
            Cell::text(&row.unit),
            Cell::text(format!("{} – {}", row.start_date, row.end_date)),
            Cell::number(&row.value),
            Cell::number(&cell.value),
            Cell::number(cell.record_count),
            Cell::text(&row.source),
        ]);
    }
    output::data(&table.render(lang, output::width()))?;
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(anyhow::anyhow!(wrong.join("; ")).into())
    }
}

async fn ask(session: &Session, row: &sample::Figure, indicator: &str) -> Result<pb::Cell, Error> {
    let programmes = Some(&row.programme).filter(|programme| !programme.is_empty());
    let narrow_events = programmes.map(|programme| pb::EventMeasureFilter {
        programmes: vec![format!("programmes/{programme}")],
        ..pb::EventMeasureFilter::default()
    });
    let request = pb::QueryFiguresRequest {
        unit: format!("units/{}", row.unit),
        indicators: vec![indicator.to_owned()],
        start_date: row.start_date.clone(),
        end_date: row.end_date.clone(),
        narrow_events,
        ..pb::QueryFiguresRequest::default()
    };
    let connection = &session.connection;
    let response = connection.call(connection.figures().query_figures(request)).await?;
    let cell = response.cells.into_iter().next();
    Ok(cell.context("an ungrouped figure without a cell")?)
}

async fn indicator_name(session: &Session, name: &str) -> Result<String, Error> {
    let connection = &session.connection;
    let request = pb::GetIndicatorRequest {
        name: name.to_owned(),
        revision: 0,
    };
    let indicator = connection.call(connection.indicators().get_indicator(request)).await?;
    Ok(indicator
        .names
        .get(session.lang.key())
        .cloned()
        .unwrap_or(indicator.name))
}

fn invitation(services: &Services, lang: Lang) -> String {
    let (address, token) = (
        services.address(),
        services.data_dir().admin_token().display().to_string(),
    );
    let host = address.trim_start_matches("http://");
    let list = "banggiao.registry.v1.UnitService/ListUnits";
    let ask = r#"'{"filter": {"subtree": "units/tayninh"}, "pageSize": 3}'"#;
    format!(
        "{}  {address}\n{}  {token}\n\n\
         grpcurl -plaintext -H \"authorization: Bearer $(cat {token})\" -d {ask} {host} {list}\n\
         buf curl --protocol grpc --http2-prior-knowledge -H \"authorization: Bearer $(cat {token})\" -d {ask} {address}/{list}\n\
         banggiao --server {address} --token-file {token} explain --unit tayninh --from 2024-01-01 --to 2024-06-30 \
         --indicator delegations-received",
        lang.pick("Address:", "Địa chỉ:"),
        lang.pick("Token:  ", "Mã:     "),
    )
}

fn heading(text: &str) -> Result<(), Error> {
    output::data(&format!("\n■ {text}\n"))
}
