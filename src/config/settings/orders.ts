import { z } from 'zod';
import { secretText } from '../rules/text.ts';
import { optionalSetting } from '../setting.ts';

export const ordersSettings = {
  pageTokenSecret: optionalSetting(secretText({ minCharacters: 32, maxCharacters: 1_024 }), {
    variable: 'ORDERS_PAGE_TOKEN_SECRET',
    reason: 'all processes share the database, and with it a key, without anybody having to hand one out',
    meaning:
      'Signs the page tokens of ListOrders, the same in every process. Without it tokens are signed with a key kept in ' +
      'the database. A change makes tokens that are still in use invalid.',
  }),
};

export const ordersRule = z.object(ordersSettings).readonly();
