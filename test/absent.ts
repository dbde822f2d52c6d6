/**
 * A test whose database, browser or tool is not on this machine is left out with the reason, which the run's last lines repeat. It is
 * an error instead where PAYBELL_REQUIRE_POSTGRES, _BROWSER or _HLEDGER asks for it, as `.ci/run` does: the functions that find out
 * what is absent (`availableDialects`, `browserIsAbsent`, `hledgerIsAbsent`) throw then.
 */
export function skipWithout(context: { readonly skip: (reason: string) => void }, absent: string | null): void {
  if (absent !== null) context.skip(absent);
}
