// Sets the colour scheme that was chosen on this browser before anything is painted. It is a plain script,
// because modules run after the first paint.
document.documentElement.dataset.theme = localStorage.getItem('drover-theme') ?? 'auto';
