//! What every store must do, whatever is behind it: one suite over the port traits.
//!
//! A backend gives a way to make a fresh store; `conformance!` runs all tests on it.

mod ends;
mod fixtures;
mod keeping;
mod queue;
mod registry;
mod telling;
mod texts;
mod work;

use callhome::port::{
    ActionQueue, ActionResults, Actions, AuditTrail, Backups, Bindings, Callbacks, Customers,
    DeviceLog, Devices, Enrolments, Events, Operators, Pins, SmsLedger, Subscriptions, Tokens,
};

pub(crate) use ends::attempt;
pub(crate) use fixtures::{at, device, digest, enrolled, lock_order, order, stamp};
pub(crate) use work::answer_to;

/// All roles of a store at once.
pub(crate) trait Store:
    Devices
    + Enrolments
    + Bindings
    + Subscriptions
    + DeviceLog
    + Actions
    + Pins
    + ActionQueue
    + ActionResults
    + Callbacks
    + Events
    + Backups
    + AuditTrail
    + Operators
    + Tokens
    + SmsLedger
    + Customers
    + Clone
    + 'static
{
}

impl<T> Store for T where
    T: Devices
        + Enrolments
        + Bindings
        + Subscriptions
        + DeviceLog
        + Actions
        + Pins
        + ActionQueue
        + ActionResults
        + Callbacks
        + Events
        + Backups
        + AuditTrail
        + Operators
        + Tokens
        + SmsLedger
        + Customers
        + Clone
        + 'static
{
}

macro_rules! conformance {
    ($backend:ident, $fresh:path, { $($room:ident: [$($test:ident),+ $(,)?]),+ $(,)? }) => {
        mod $backend {
            $(mod $room {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let (store, _keep) = $fresh();
                    super::super::$room::$test(store).await;
                })+
            })+
        }
    };
}

conformance!(sqlite_file, crate::store_sqlite::fresh, {
    registry: [
        a_device_is_kept_as_it_was_saved,
        an_identity_belongs_to_one_device,
        an_edit_of_a_stale_version_is_refused,
        devices_are_found_by_what_people_know,
        lists_come_in_pages_without_gaps_or_repeats,
        a_code_lets_one_device_in_however_many_try,
        codes_that_are_wrong_late_or_used_look_the_same,
        enrolling_again_needs_proof_or_an_invitation_for_that_device,
        enrolling_again_voids_what_was_asked_of_the_old_epoch,
        an_invitation_for_one_device_lets_no_other_in,
        secrets_are_found_by_agent_and_by_identity,
        bindings_are_replaced_as_a_whole,
        a_subscription_is_kept_by_its_dialog_and_goes_with_its_device,
        a_told_address_counts_until_it_is_told_otherwise,
        a_deleted_device_leaves_nothing_but_its_trail,
        the_log_of_a_device_is_newest_first,
    ],
    work: [
        numbers_are_given_in_order_and_once,
        a_given_number_closes_the_gap_below_it,
        an_action_needs_an_enrolled_device,
        the_pin_is_kept_before_anything_can_be_sent,
        a_second_lock_is_refused_while_one_is_open_or_done,
        of_many_locks_at_once_one_is_made,
        an_idempotency_key_replays_its_outcome,
        a_session_takes_open_actions_in_order,
        a_device_gets_ended_actions_only_when_it_misses_them,
        a_result_ends_an_action_once,
        a_late_lock_result_does_not_undo_a_later_unlock,
        only_what_was_not_sent_can_be_withdrawn,
    ],
    telling: [
        callbacks_change_atomically,
        callbacks_are_found_by_the_id_that_their_asker_gave,
        every_change_is_an_event,
        waiting_for_an_event_ends_when_it_is_there,
    ],
    queue: [
        two_claims_never_get_the_same_action,
        destructive_actions_do_not_wait_behind_others,
        a_claim_that_is_not_answered_comes_back,
        a_late_acknowledgement_changes_nothing_but_the_attempts,
        what_nobody_sent_expires_and_what_was_sent_is_unconfirmed,
        sleeping_until_the_next_due_time_misses_nothing,
    ],
    ends: [
        what_only_asked_for_a_call_can_be_withdrawn_and_expires,
        nothing_is_sent_or_handed_out_past_its_time,
        a_claim_that_ends_past_the_time_is_the_last_one,
        the_first_result_counts_for_what_was_given_up,
        what_is_done_under_its_number_ends_an_action_only_if_it_is_that_action,
        what_was_signed_by_hand_is_carried_by_its_text_only,
        a_signed_lock_in_a_drawer_is_in_nobodys_way_for_ever,
        who_tries_again_past_the_time_gets_as_much_time_again,
        attempts_are_kept_within_bounds,
        a_lock_ends_with_what_it_locked,
    ],
    keeping: [
        a_backup_takes_items_until_it_is_complete,
        a_backup_of_another_device_is_not_touched,
        the_trail_is_one_chain_whoever_writes,
        a_failed_write_leaves_no_entry_in_the_trail,
        the_last_admin_stays,
        a_login_changes_nothing_but_what_it_is_about,
        less_of_a_role_ends_what_was_held_under_more,
        tokens_die_when_they_expire_or_are_revoked,
        checkpoints_are_kept_in_order,
        customers_are_kept_by_their_system_ids,
    ],
    texts: [
        receipts_find_their_segment_and_a_message_is_what_all_of_them_say,
        a_receipt_that_comes_before_its_answer_waits_for_it,
        a_gateway_without_ids_names_the_segment_itself,
        an_id_that_is_converted_never_finds_the_message_that_has_it_as_it_is_written,
        a_receipt_that_nobody_missed_says_nothing_of_a_later_message_with_its_id,
        a_gateway_tells_of_its_own_messages_only,
        parts_of_a_phones_message_wait_for_each_other_and_are_taken_once,
        one_who_sends_parts_without_end_pushes_out_its_own_only,
        parts_whose_rest_never_comes_are_forgotten,
    ],
});
