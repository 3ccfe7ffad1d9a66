// The options of drover schedule add, except settings.
import { inGroup, type OptionsOf, text, toggle } from '../command/typed-options.ts';
import { asJson } from '../options.ts';

export const addScheduleOptions = {
  ...inGroup('often', {
    tz: text(
      '--tz <zone>',
      'time zone of the pattern, such as Europe/Berlin (default: that of this machine)',
    ),
    replace: toggle('--replace', 'put it in the place of the schedule of that name'),
  }),
  ...asJson,
};
export type AddScheduleOptions = OptionsOf<typeof addScheduleOptions>;
