// What is known of a rule, in words. Pure.

import { bytes, moment, percent, rate } from "./format.js";

const FORMATS = { bytes, bytes_per_s: rate, percent };

/** Where a rule stands, in one word. */
export function standing({ enabled, state, snoozed_until_at: snoozed }, now) {
  if (!enabled) return "off";
  if (snoozed && Date.parse(snoozed) > now) return "snoozed";
  return state;
}

/** What is known of a rule, in words. */
export function explain({ measured, unknown, reached_percent: reached, forecast_at: forecast, subjects = [], fired, fired_at: last, snoozed_until_at: snoozed, note, owner, severity }) {
  const format = FORMATS[measured?.unit] ?? String;
  return [
    note && `“${note}”`,
    measured && `${format(measured.value)} of ${format(measured.threshold)}`,
    reached != null && `${reached} % of the cap reached`,
    forecast && `at this pace the cap is reached on ${moment(Date.parse(forecast))}`,
    unknown,
    subjects.length > 0 && subjects.join(", "),
    snoozed && Date.parse(snoozed) > Date.now() && `silent until ${moment(Date.parse(snoozed))}`,
    fired ? `fired ${fired === 1 ? "once" : fired + " times"}${last ? `, last on ${moment(Date.parse(last))}` : ""}` : "never fired",
    severity,
    `by ${owner}`,
  ].filter(Boolean).join(" · ");
}

/** What a rule would say now, in a sentence. */
export function trialWords({ holds, unknown, measured, reached_percent: reached }) {
  const format = FORMATS[measured?.unit] ?? String;
  const value = measured ? `: ${format(measured.value)} of ${format(measured.threshold)}` : "";
  if (holds == null) return unknown ? `cannot tell now: ${unknown}` : "cannot tell now";
  return `${holds ? "would fire now" : "would not fire now"}${value}${reached != null ? ` (${reached} %)` : ""}`;
}

/** How often it would have fired, in a sentence. */
export function dryWords({ fired, unknown, from_at: from, firings = [] }) {
  if (fired == null) return unknown ? `The past cannot tell: ${unknown}` : "The past cannot tell.";
  const last = firings.at(-1);
  const newest = last ? `, last on ${moment(Date.parse(last.at))}${last.subject ? ` (${last.subject})` : ""}` : "";
  return `Since ${moment(Date.parse(from))} it would have fired ${fired} ${fired === 1 ? "time" : "times"}${newest}.`;
}
