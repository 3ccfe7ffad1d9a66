// Before anything is painted: the scheme that was chosen here, if one was. A plain script, since modules run after the first paint.
document.documentElement.dataset.theme = localStorage.getItem('drover-theme') ?? 'auto';
