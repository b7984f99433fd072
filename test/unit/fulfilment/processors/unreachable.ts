// A processor that asks for something when it is loaded, which is not there.
throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
