//! What people and programs see: views and their pure rendering.
//!
//! A command builds a [`View`] (data, columns, and a text for people) and hands it
//! to [`Screen::show`]. [`render`] is a pure function of the view and the
//! [`Style`]; only [`Screen`] writes. Data goes to standard output, everything else
//! to standard error.
//!
//! | file | what |
//! |---|---|
//! | `devices`, `actions`, `callbacks` | views of devices, actions and callbacks |
//! | `format` | `-o`, `--columns`, `--jq` |
//! | `view` | data with its schema, columns and text |
//! | `render` | view → text in each format |
//! | `table` | columns → aligned text that fits the width |
//! | `filter` | `--jq` |
//! | `ladder` | messages between parties, as a picture |
//! | `timeline` | the story of an action or a device, in order |
//! | `words` | times, sizes and counts for people |
//! | `qr` | QR codes |
//! | `retyping` | commands that messages name, with the options that were typed |
//! | `screen` | the two streams |

mod actions;
mod callbacks;
mod devices;
mod filter;
mod format;
mod ladder;
mod qr;
mod render;
mod retyping;
mod screen;
mod table;
mod timeline;
mod view;
mod words;

pub(super) use actions::{
    action_card, action_list, action_words, bearer_words, done_words, result_fields, state_words,
};
pub(super) use callbacks::{callback_card, callback_line, callback_list};
pub(super) use devices::{device_card, device_facts, device_line, device_list, device_title};
pub(super) use format::{Format, OutputFlags};
pub(super) use ladder::{action_messages, ladder};
pub(super) use qr::Qr;
pub(super) use render::{RenderError, Style};
pub(super) use retyping::Retyping;
pub(super) use screen::{Paint, Screen, ShowError};
pub(super) use table::{terminal_width, width_of};
pub(super) use timeline::device_log;
pub(super) use view::{Column, View};
pub(super) use words::{
    ago, clock_time, count, date_time, elapsed, grouped, seconds, size, time_of_day, wrapped,
};
