//! The projection: what reporting keeps of the journal, read again.

use banggiao_contracts::reporting::v1 as pb;
use clap::Subcommand;

use crate::{
    error::Error,
    globals::Session,
    output::{self, Output},
};

/// It is told how far it is whenever so many hundredths more were read.
const STEP: i64 = 10;

/// What can be done with the projection.
#[derive(Debug, Clone, Subcommand)]
pub enum ProjectionVerb {
    /// Show how far journal and registry were read, and how long ago they were heard.
    Show,
    /// Read the whole journal again while figures go on being answered, and replace what is stored otherwise.
    Rebuild,
}

impl ProjectionVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::Show => position(session).await,
            Self::Rebuild => rebuild(session).await,
        }
    }
}

async fn position(session: &Session) -> Result<(), Error> {
    let connection = &session.connection;
    let request = pb::GetPositionRequest {};
    let position = connection.call(connection.figures().get_position(request)).await?;
    if session.output == Output::Json {
        return output::data(&crate::json::typed(&position)?);
    }
    let lang = session.lang;
    let age = |age: Option<prost_types::Duration>| match age {
        Some(age) => lang.pick(
            format!("heard {} s ago", age.seconds),
            format!("nhận tin {} giây trước", age.seconds),
        ),
        None => lang.pick("never heard", "chưa nhận tin").to_owned(),
    };
    let (read, head) = (position.log_index, position.journal_log_index);
    let behind = head - read;
    let lines = [
        lang.pick(
            format!(
                "journal: read up to {read} of {head}, {behind} behind; {}",
                age(position.journal_age)
            ),
            format!(
                "nhật ký: đã đọc đến {read} trên {head}, còn {behind}; {}",
                age(position.journal_age)
            ),
        ),
        lang.pick(
            format!(
                "registry: read up to {}; {}",
                position.registry_position,
                age(position.registry_age)
            ),
            format!(
                "danh bạ: đã đọc đến {}; {}",
                position.registry_position,
                age(position.registry_age)
            ),
        ),
        lang.pick(
            format!("digest {}", position.digest),
            format!("mã băm {}", position.digest),
        ),
    ];
    output::data(&lines.join("\n"))
}

async fn rebuild(session: &Session) -> Result<(), Error> {
    let connection = &session.connection;
    let mut client = connection.projection_stream();
    let request = pb::RebuildProjectionRequest {};
    let mut answers = connection.call(client.rebuild_projection(request)).await?;
    let mut told = 0;
    while let Some(answer) = connection.next(&mut answers).await? {
        let (position, target) = (answer.log_index, answer.target_log_index);
        if let Some(rebuilt) = answer.rebuilt {
            return show(session, &rebuilt, position);
        }
        let hundredths = position.saturating_mul(100) / target.max(1);
        if hundredths >= told + STEP {
            told = hundredths;
            output::note(&session.lang.pick(
                format!("read up to {position} of {target}"),
                format!("đã đọc đến {position} trên {target}"),
            ));
        }
    }
    Err(Error::Status(tonic::Status::data_loss(
        "the answer ended before it was told what was found",
    )))
}

fn show(session: &Session, rebuilt: &pb::RebuiltProjection, position: i64) -> Result<(), Error> {
    if session.output == Output::Json {
        return output::data(&crate::json::typed(rebuilt)?);
    }
    let (revisions, mended) = (rebuilt.revisions, rebuilt.mended);
    let found = match mended {
        0 => session.lang.pick(
            "all stand as the journal has them".to_owned(),
            "tất cả đúng như nhật ký".to_owned(),
        ),
        _ => session.lang.pick(
            format!("{mended} were stored otherwise and are replaced"),
            format!("{mended} bản ghi lưu sai và đã được thay"),
        ),
    };
    output::note(&session.lang.pick(
        format!("{revisions} revisions were read again up to position {position}; {found}"),
        format!("đã đọc lại {revisions} bản ghi đến vị trí {position}; {found}"),
    ));
    let same = rebuilt.digest == rebuilt.digest_before;
    output::note(&session.lang.pick(
        format!("digest {}{}", rebuilt.digest, if same { ", as before" } else { "" }),
        format!("mã băm {}{}", rebuilt.digest, if same { ", như trước" } else { "" }),
    ));
    if !same {
        let before = &rebuilt.digest_before;
        output::note(
            &session
                .lang
                .pick(format!("before: {before}"), format!("trước đó: {before}")),
        );
    }
    Ok(())
}
