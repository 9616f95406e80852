use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use serde_json::Value;

/// Runs a jq program over a document: one result a line, texts bare (as `jq -r`).
pub(super) fn filter(program: &str, document: &Value) -> Result<String, String> {
    let input = read::parse_single(document.to_string().as_bytes()).map_err(|e| e.to_string())?;
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let functions = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let arena = Arena::default();
    let file = File {
        code: program,
        path: (),
    };
    let modules = Loader::new(definitions)
        .load(&arena, file)
        .map_err(|_| format!("this is not a jq program: {program}"))?;
    let filter = Compiler::default()
        .with_funs(functions)
        .compile(modules)
        .map_err(|_| format!("this jq program names something that does not exist: {program}"))?;
    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let mut text = String::new();
    for value in filter.id.run((context, input)).map(unwrap_valr) {
        let value = value.map_err(|e| e.to_string())?.to_string();
        // A text is printed bare, everything else as JSON.
        match serde_json::from_str::<Value>(&value) {
            Ok(Value::String(bare)) => text.push_str(&bare),
            _ => text.push_str(&value),
        }
        text.push('\n');
    }
    Ok(text)
}
