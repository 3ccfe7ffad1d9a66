// The stream of events: every event is a whole picture of its subject, so that after a break nothing needs to be caught up on.

const MOST_BACKOFF_MS = 15_000;
/** A sample comes every 5 s: after so long without a word, the line is dead, whatever the browser believes. */
const SILENCE_MS = 45_000;
/** A browser has few connections for one server; a tab that nobody sees gives its own back. */
const HIDDEN_MS = 60_000;

/**
 * @param {{onEvent: (name: string, data: any) => void, onState: (state: {isLive: boolean, since: number}) => void,
 *   onRefused: () => Promise<boolean>}} options onRefused is asked, when the server closed for good, whether to try again.
 */
export function openLive({ onEvent, onState, onRefused }) {
  const names = ['hello', 'crawls', 'hosts', 'dead', 'replays', 'sample', 'tail'];
  /** @type {EventSource | null} */
  let source = null;
  let [retry, silence, hidden] = [0, 0, 0];
  let backoffMs = 1000;
  let state = { isLive: false, since: Date.now() };

  function tell(isLive) {
    if (state.isLive !== isLive) state = { isLive, since: Date.now() };
    onState(state);
  }

  function hear() {
    clearTimeout(silence);
    silence = setTimeout(() => {
      tell(false);
      connect();
    }, SILENCE_MS);
  }

  function disconnect() {
    source?.close();
    source = null;
    for (const timer of [retry, silence]) clearTimeout(timer);
  }

  function connect() {
    disconnect();
    const mine = new EventSource('/v1/events');
    source = mine;
    for (const name of names) {
      mine.addEventListener(name, (event) => {
        backoffMs = 1000;
        hear();
        tell(true);
        onEvent(name, JSON.parse(event.data));
      });
    }
    mine.onerror = async () => {
      tell(false);
      if (mine.readyState !== EventSource.CLOSED || source !== mine) return;
      if (!(await onRefused()) || source !== mine) return;
      retry = setTimeout(connect, backoffMs);
      backoffMs = Math.min(backoffMs * 2, MOST_BACKOFF_MS);
    };
    hear();
  }

  function onVisibility() {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(disconnect, HIDDEN_MS);
    else if (source?.readyState !== EventSource.OPEN) connect();
  }

  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('online', connect);
  connect();
  return {
    stop() {
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('online', connect);
      clearTimeout(hidden);
      disconnect();
    },
  };
}
