//! `list` and `get` of any noun.
//!
//! It owns paging and the three forms of output. Which nouns there are stands in [`crate::nouns`].

use crate::dynamic;
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::nouns::Noun;
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use crate::{json, show};
use clap::Args;
use prost::Message;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, ReflectMessage as _, Value,
};

/// The largest page that services give.
const PAGE_SIZE_MAX: i32 = 1_000;

/// Which part of a list.
#[derive(Debug, Clone, Default, Args)]
pub struct PageArgs {
    /// Fetch one page of so many, 1 to 1,000, instead of everything.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub page_size: Option<i32>,
    /// Token of that page, as the page before gave it.
    #[arg(long, value_name = "TOKEN")]
    pub page_token: Option<String>,
}

/// Lists resources and prints them.
///
/// # Errors
/// As the list's method.
pub async fn list<M>(session: &Session, noun: &Noun, request: &M, page: &PageArgs) -> Result<(), Error>
where
    M: Message + prost::Name,
{
    let method = dynamic::method(noun.list)?;
    let response = fetch(session, &method, dynamic::message(request)?, page).await?;
    print_list(session, noun, &response)
}

/// Prints a response that holds a list of resources, and tells how to go on if it was one page of more.
///
/// # Errors
/// [`Error::Failure`] if stdout cannot be written.
pub(crate) fn print_list(session: &Session, noun: &Noun, response: &DynamicMessage) -> Result<(), Error> {
    tell_more(session, response);
    if session.output == Output::Json {
        return output::data(&json::dynamic(response)?);
    }
    let rows = rows_field(&response.descriptor())?;
    let value = response.get_field(&rows);
    let resources = value.as_list().unwrap_or_default().iter().filter_map(Value::as_message);
    print_rows(session, noun, resources)
}

/// Tells how to go on after one page of more; the token is in the JSON already.
fn tell_more(session: &Session, response: &DynamicMessage) {
    let next = next_page_token(response);
    if !next.is_empty() && session.output != Output::Json {
        output::note(&session.lang.pick(
            format!("more with --page-token {next}"),
            format!("còn nữa: --page-token {next}"),
        ));
    }
}

/// A list as one typed response: one page if a page was asked for, else everything.
///
/// # Errors
/// As the list's method.
pub(crate) async fn typed<Q, A>(session: &Session, method: &str, request: &Q, page: &PageArgs) -> Result<A, Error>
where
    Q: Message + prost::Name,
    A: Message + Default,
{
    let method = dynamic::method(method)?;
    let response = fetch(session, &method, dynamic::message(request)?, page).await?;
    tell_more(session, &response);
    response.transcode_to().map_err(|error| Error::Failure(error.into()))
}

/// Gets one resource and prints it.
///
/// # Errors
/// As the get method.
pub async fn get<M>(session: &Session, noun: &Noun, request: &M) -> Result<(), Error>
where
    M: Message + prost::Name,
{
    let method = dynamic::method(noun.get)?;
    let resource = dynamic::unary(&session.connection, &method, dynamic::message(request)?).await?;
    print_one(session, noun, &resource)
}

/// Prints one resource that a typed call gave.
///
/// # Errors
/// [`Error::Failure`] if stdout cannot be written.
pub fn print<M>(session: &Session, noun: &Noun, resource: &M) -> Result<(), Error>
where
    M: Message + prost::Name,
{
    print_one(session, noun, &dynamic::message(resource)?)
}

/// Prints one resource.
///
/// # Errors
/// [`Error::Failure`] if stdout cannot be written.
pub(crate) fn print_one(session: &Session, noun: &Noun, resource: &DynamicMessage) -> Result<(), Error> {
    match session.output {
        Output::Json => output::data(&json::dynamic(resource)?),
        Output::Csv => print_rows(session, noun, std::iter::once(resource)),
        Output::Table => {
            let headings = session.lang.pick(["Field", "Value"], ["Mục", "Nội dung"]);
            let mut table = Table::new(vec![
                Column::new("field", headings[0]),
                Column::new("value", headings[1]),
            ]);
            for (field, cell) in show::fields(resource, session.lang) {
                // Numbers stay on the left here: the column is not one of numbers.
                let text = match cell {
                    Cell::Flag(_) => cell.words(session.lang),
                    cell => cell.into_text(),
                };
                table.push(vec![Cell::text(field), Cell::text(text)]);
            }
            output::data(&table.render(session.lang, output::width()))
        }
    }
}

fn print_rows<'a>(
    session: &Session,
    noun: &Noun,
    resources: impl Iterator<Item = &'a DynamicMessage>,
) -> Result<(), Error> {
    print_table(session, rows(noun, resources, session.lang))
}

/// Prints a table of which CSV has all columns, and people those in which something stands.
///
/// # Errors
/// [`Error::Failure`] if stdout cannot be written.
pub(crate) fn print_table(session: &Session, mut table: Table) -> Result<(), Error> {
    if session.output == Output::Csv {
        return output::data(&table.csv()?);
    }
    table.drop_empty_columns();
    output::data(&table.render(session.lang, output::width()))
}

fn rows<'a>(noun: &Noun, resources: impl Iterator<Item = &'a DynamicMessage>, lang: Lang) -> Table {
    let mut table = Table::new(columns(noun, lang));
    for resource in resources {
        table.push(row(noun, resource, lang));
    }
    table
}

/// The columns of a noun.
pub(crate) fn columns(noun: &Noun, lang: Lang) -> Vec<Column> {
    let columns = noun.columns.iter();
    columns
        .map(|column| Column::new(column.path, lang.pick(column.en, column.vi)).detail(column.detail))
        .collect()
}

/// The cells of a resource under the columns of its noun.
pub(crate) fn row(noun: &Noun, resource: &DynamicMessage, lang: Lang) -> Vec<Cell> {
    let columns = noun.columns.iter();
    columns
        .map(|column| match show::cell(resource, column.path, lang) {
            Cell::Text(decimal) if column.decimal && !decimal.is_empty() => Cell::number(decimal),
            cell => cell,
        })
        .collect()
}

/// Fetches one page if a page was asked for, else all of them as one response.
async fn fetch(
    session: &Session,
    method: &MethodDescriptor,
    mut request: DynamicMessage,
    page: &PageArgs,
) -> Result<DynamicMessage, Error> {
    let connection = &session.connection;
    if method.input().get_field_by_name("page_size").is_none() {
        return dynamic::unary(connection, method, request).await;
    }
    let one_page = page.page_size.is_some() || page.page_token.is_some();
    // A page without a size is the size that the service gives by default, as its token was made for that.
    let size = page.page_size.unwrap_or(if one_page { 0 } else { PAGE_SIZE_MAX });
    request.set_field_by_name("page_size", Value::I32(size));
    request.set_field_by_name("page_token", Value::String(page.page_token.clone().unwrap_or_default()));
    let mut merged = dynamic::unary(connection, method, request.clone()).await?;
    let rows = rows_field(&method.output())?;
    let mut token = if one_page {
        String::new()
    } else {
        next_page_token(&merged)
    };
    while !token.is_empty() {
        request.set_field_by_name("page_token", Value::String(token.clone()));
        let mut next = dynamic::unary(connection, method, request.clone()).await?;
        let following = next_page_token(&next);
        if following == token {
            return Err(Error::failure("the server gave the same page token twice"));
        }
        append(&mut merged, &mut next, &rows);
        merged.set_field_by_name("next_page_token", Value::String(following.clone()));
        token = following;
    }
    Ok(merged)
}

fn append(merged: &mut DynamicMessage, next: &mut DynamicMessage, rows: &FieldDescriptor) {
    if let (Some(all), Some(Value::List(more))) = (merged.get_field_mut(rows).as_list_mut(), next.take_field(rows)) {
        all.extend(more);
    }
}

fn next_page_token(response: &DynamicMessage) -> String {
    let token = response.get_field_by_name("next_page_token");
    token
        .and_then(|token| token.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The field of a list's response that holds the resources: its only list of messages.
pub(crate) fn rows_field(response: &MessageDescriptor) -> Result<FieldDescriptor, Error> {
    response
        .fields()
        .find(|field| field.is_list() && matches!(field.kind(), Kind::Message(_)))
        .ok_or_else(|| Error::failure(format!("{} holds no list", response.full_name())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nouns;
    use banggiao_contracts::journal::v1::Event;
    use banggiao_contracts::registry::v1::Principal;

    #[test]
    fn a_list_as_csv_has_paths_for_headings_and_plain_values() {
        let event = Event {
            name: "events/a1".into(),
            partner_units: vec!["units/kh-a".into(), "units/kh-b".into()],
            persons: Some(12_345),
            revision: 2,
            ..Event::default()
        };
        let event = dynamic::message(&event).unwrap();
        assert_eq!(
            rows(&nouns::EVENT, [&event].into_iter(), Lang::Vi).csv().unwrap(),
            "name,external_reference.reference,start_date,event_type,direction,home_unit,partner_units,delegations,\
             persons,phase,review_state,revision\na1,,,,,,kh-a; kh-b,,12345,,,2\n"
        );
        let principal = Principal {
            name: "principals/clerk".into(),
            display_name: "=1+1, \"x\"".into(),
            ..Principal::default()
        };
        let principal = dynamic::message(&principal).unwrap();
        assert_eq!(
            rows(&nouns::PRINCIPAL, [&principal].into_iter(), Lang::En)
                .csv()
                .unwrap(),
            "name,display_name,disabled,create_time\nclerk,\"'=1+1, \"\"x\"\"\",false,\n"
        );
    }
}
