throw new Error('no licence for the stock system');
