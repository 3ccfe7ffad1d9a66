// The guard of addresses where the crawl connects by itself (test/support/rebinding/rebinding.ts).
import { testRebinding } from '../support/rebinding/rebinding.ts';

testRebinding({ begin: async () => [], deafCode: 'E_CONNECT_REFUSED' });
