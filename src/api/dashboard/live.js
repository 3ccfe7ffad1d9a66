// Reads the stream of events. Every event holds the whole state of its subject, so nothing is missing after a
// reconnect.

const MOST_BACKOFF_MS = 15_000;
/**
 * A sample arrives every 5 s. Without any event for this long, the connection is taken for dead, even if the
 * browser does not report an error.
 */
const SILENCE_MS = 45_000;
/** A browser allows few connections to one server, so a tab that is hidden for this long closes its own. */
const HIDDEN_MS = 60_000;

/**
 * @param {{onEvent: (name: string, data: any) => void,
 *   onState: (state: {isLive: boolean, since: number}) => void,
 *   onRefused: () => Promise<boolean>}} options onRefused is called when the server has closed the stream;
 *   it says whether to reconnect.
 */
export function openLive({ onEvent, onState, onRefused }) {
  const names = ['hello', 'crawls', 'hosts', 'dead', 'replays', 'sample', 'tail'];
  /** @type {EventSource | null} */
  let source = null;
  let [retry, silence, hidden] = [0, 0, 0];
  let backoffMs = 1000;
  let state = { isLive: false, since: Date.now() };

  function setLive(isLive) {
    if (state.isLive !== isLive) state = { isLive, since: Date.now() };
    onState(state);
  }

  function expectEvents() {
    clearTimeout(silence);
    silence = setTimeout(() => {
      setLive(false);
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
        expectEvents();
        setLive(true);
        onEvent(name, JSON.parse(event.data));
      });
    }
    mine.onerror = async () => {
      setLive(false);
      if (mine.readyState !== EventSource.CLOSED || source !== mine) return;
      if (!(await onRefused()) || source !== mine) return;
      retry = setTimeout(connect, backoffMs);
      backoffMs = Math.min(backoffMs * 2, MOST_BACKOFF_MS);
    };
    expectEvents();
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
