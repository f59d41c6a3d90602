/** The time zone of agents' sentences that name none: they run on this machine and speak its time. */
export function machineZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
