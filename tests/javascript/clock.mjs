// A clock that stands still until a test says otherwise: nothing here waits.

let now = 0;
let alarms = [];
let number = 0;
const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

export function stopClock() {
  now = 0;
  alarms = [];
  globalThis.setTimeout = (does, after = 0) => {
    alarms.push({ number: ++number, at: now + after, does });
    return number;
  };
  globalThis.clearTimeout = (which) => {
    alarms = alarms.filter((alarm) => alarm.number !== which);
  };
}

export function tick(milliseconds) {
  now += milliseconds;
  const due = alarms.filter((alarm) => alarm.at <= now);
  alarms = alarms.filter((alarm) => alarm.at > now);
  for (const { does } of due) does();
}

export function startClock() {
  Object.assign(globalThis, real);
}
