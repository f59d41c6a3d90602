// Loaded before a program: its wall clock reads TEST_CLOCK_SHIFT_MS more than the machine's; nothing else is changed.
const shiftMs = Number(process.env.TEST_CLOCK_SHIFT_MS);
const { now } = Date;
Date.now = () => now() + shiftMs;
